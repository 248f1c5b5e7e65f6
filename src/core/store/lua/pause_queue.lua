-- Pauses the queue and writes down why. Of several who meet the same outage the first one counts.
--
-- ARGV
--   3 class   of the outage; "hand" when a person pauses
--   4 reason  one line; may be empty
--   5 end     "by_hand" or "probe"
--   6 by      name of the worker, "hand" for a person
--   7 wait    ms until the provider is asked for the first time
--   8 success how many ms ago this worker sent something, -1 never
-- Returns 1 when it was running; 0 when it was paused already; 2 when it was, and from now on only a person ends it.
local class, reason, ending, by, wait, success_ago = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local now = server_time()
insist_pause()
if ending == 'probe' then insist('ZCARD', here.completed, 'sorted set') end
local known = read_standstill()

-- A person's pause, and an outage that only a person ends, are never left to a probe. An outage keeps its reason when a
-- person pauses on top of it.
local function keep_for_person()
  call('HSET', pause_key, 'end', 'by_hand')
  call('HDEL', pause_key, 'next_probe', 'prober')
  if by == 'hand' then
    call('HSET', pause_key, 'by_hand', int(now))
  else
    call('HSET', pause_key, 'class', class, 'reason', reason, 'by', by)
  end
end

if is_paused() then
  set_pause_flag()
  -- Paused by Node, a board or an older wq: there is no reason to be found.
  if not known[1] or known[4] ~= 'probe' or ending ~= 'by_hand' then return 0 end
  keep_for_person()
  return 2
end
if ending == 'probe' and is_stuck(now, success_ago) then
  ending = 'by_hand'
  reason = reason .. ' (although the provider says that it is connected: a stuck instance, restart it)'
end
set_pause_flag()
call('DEL', pause_key)
call('HSET', pause_key, 'class', class, 'reason', reason, 'since', int(now), 'end', ending, 'by', by)
if ending == 'probe' then call('HSET', pause_key, 'probes', 0, 'next_probe', int(now + wait)) end
return 1
