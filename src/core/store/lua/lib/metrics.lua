-- BullMQ's metrics: how many jobs completed and failed in each minute, kept by workers that were asked to.
--
-- <prefix>:<queue>:metrics:completed, …:failed            HASH  count: all so far; prevTS: ms of the last entry;
--   prevCount: count at that moment. No expiry.
-- <prefix>:<queue>:metrics:completed:data, …:failed:data  LIST  jobs a minute, newest at the left. No expiry.
-- Written here and by Node's workers, read by Node's getMetrics and by boards, removed by obliterate.

-- Counts jobs that finished in this call; `minutes` is how many entries are kept.
local function count_finished_jobs(state, jobs, minutes)
  local key = base .. 'metrics:' .. state
  local before = call('HINCRBY', key, 'count', jobs) - jobs
  local known = call('HMGET', key, 'prevTS', 'prevCount')
  if not known[1] then return call('HSET', key, 'prevTS', timestamp, 'prevCount', 0) end
  local passed = math.floor(now / 60000) - math.floor((tonumber(known[1]) or now) / 60000)
  if passed < 1 then return end
  -- The minute that ended has what was counted before this call; those since then had nothing.
  local entries = { before - (tonumber(known[2]) or 0) }
  for index = 2, math.min(passed, minutes) do entries[index] = 0 end
  each_chunk('LPUSH', key .. ':data', entries)
  call('LTRIM', key .. ':data', 0, minutes - 1)
  call('HSET', key, 'prevTS', timestamp, 'prevCount', before)
end
