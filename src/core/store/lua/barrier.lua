-- After the server began anew and may have forgotten its last seconds: nobody works before all who did have told what they sent.
--
-- wq:<prefix>:<queue>:epoch            STRING  run_id of the server's process that everybody works with; expires after 30 days
-- wq:<prefix>:<queue>:barrier:<epoch>  HASH    incarnation -> ms when it had told what it sent, 0 while it is awaited; began ->
--                                              ms of the first call; expires after 10 minutes
-- Both written and read by this script alone; obliterate removes the first.
--
-- ARGV
--   3 epoch        run_id of the server's process; with more behind it when that one process went back in its history
--   4 incarnation  of the caller
--   5 forgot       "1": the caller knew another process, or more of this one's history
--   6 settled      "1": it has told what it sent
-- Returns { open, awaited, ms since it began }: open 1 when work may begin, else 0 to be called again; awaited incarnations may
-- be some that never came back, when their time was over.
local LEAST_MS, MOST_MS, LIVED_MS = 300, 10000, 15000
local EPOCH_TTL_MS, BARRIER_TTL_MS = 30 * 24 * 60 * 60 * 1000, 10 * 60 * 1000
local epoch, me, has_forgotten, is_settled = ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[6] == '1'
local epoch_key, key, beat_key = own .. 'epoch', own .. 'barrier:' .. epoch, own .. 'beat'
local now = server_time()
insist('GET', epoch_key, 'text')
insist('HLEN', key, 'hash')
insist('HLEN', beat_key, 'hash')

local present = call('GET', epoch_key)
if present == epoch or not present and not has_forgotten then
  call('SET', epoch_key, epoch, 'PX', EPOCH_TTL_MS)
  return { 1, 0, 0 }
end

local began = tonumber(call('HGET', key, 'began') or nil)
if not began then
  began = now
  -- Who lived when the server went away; it may have been away for long.
  local beats, newest = call('HGETALL', beat_key), 0
  for at = 2, #beats, 2 do newest = math.max(newest, tonumber(beats[at]) or 0) end
  call('HSET', key, 'began', int(now))
  for at = 1, #beats, 2 do
    if newest - (tonumber(beats[at + 1]) or 0) <= LIVED_MS then call('HSETNX', key, beats[at], 0) end
  end
  call('PEXPIRE', key, BARRIER_TTL_MS)
end
-- Who waits here lives, though it gives no other sign of it.
if call('HEXISTS', beat_key, me) == 1 then call('HSET', beat_key, me, int(now)) end
call('HSET', key, me, is_settled and int(now) or 0)

local awaited = 0
for _, settled in ipairs(call('HVALS', key)) do
  if settled == '0' then awaited = awaited + 1 end
end
local waited = now - began
-- The shortest time is for one that the server has forgotten altogether: it comes back as soon as the others.
if awaited == 0 and waited >= LEAST_MS or waited >= MOST_MS then
  call('SET', epoch_key, epoch, 'PX', EPOCH_TTL_MS)
  return { 1, awaited, int(waited) }
end
return { 0, awaited, int(waited) }
