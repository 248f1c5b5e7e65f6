-- Asks for the turn to ask a provider whether it is back, and tells what it said. One worker asks at a time.
--
-- ARGV
--   3 step     "claim": ask for the turn; "down": it is not back; "up": it says that it is; "sent": a message went through
--   4 prober   who asks: another name for every turn
--   5 ms       claim: how long the turn lasts before somebody else may ask (it may be extended); down: the pause until the next
--              question
--   6 class    down: what it said, "" nothing new
--   7 reason   down
--   8 end      down: "by_hand" when from now on only a person ends it
-- Returns { word, number, class }: "running" the queue is not paused; "by_hand" no probe ends it; "later" ms until the next
-- question; "yours" the turn is, how often it was asked in vain; "lost" somebody else has it; "waits" ms until the next question,
-- after "down"; "resumed" after the others.
local LONGEST_PAUSE_MS = 10 * 60 * 1000
local step, prober, ms = ARGV[3], ARGV[4], tonumber(ARGV[5])
local now = server_time()
insist_pause()
if not is_paused() then
  call('DEL', pause_key)
  return { 'running', 0, '' }
end
local known = read_standstill()
local class = known[1] or ''
if known[4] ~= 'probe' then return { 'by_hand', 0, class } end

if step == 'claim' then
  local next_probe = tonumber(known[7] or 0) or 0
  if next_probe > now and known[9] ~= prober then
    -- A clock that was set back must not keep a queue shut.
    if next_probe - now < LONGEST_PAUSE_MS then return { 'later', int(next_probe - now), class } end
  end
  call('HSET', pause_key, 'prober', prober, 'next_probe', int(now + ms))
  return { 'yours', tonumber(known[6] or 0) or 0, class }
end
if known[9] ~= prober then return { 'lost', 0, class } end

if step == 'down' then
  if ARGV[6] ~= '' then call('HSET', pause_key, 'class', ARGV[6], 'reason', ARGV[7]) end
  call('HDEL', pause_key, 'prober')
  if ARGV[8] == 'by_hand' then
    call('HSET', pause_key, 'end', 'by_hand')
    call('HDEL', pause_key, 'next_probe')
    return { 'by_hand', 0, ARGV[6] }
  end
  call('HSET', pause_key, 'probes', (tonumber(known[6] or 0) or 0) + 1, 'next_probe', int(now + ms))
  return { 'waits', ms, class }
end

insist_going_on()
go_on()
if step == 'up' then
  call('HSET', relapses_key, 'resumed', int(now))
  call('PEXPIRE', relapses_key, RELAPSE_LIFE_MS)
else
  call('DEL', relapses_key)
end
return { 'resumed', 0, class }
