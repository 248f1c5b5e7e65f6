-- What the jobs that finish in one call share: their places in completed and failed, what is kept of those before them, and
-- BullMQ's metrics.
--
-- <prefix>:<queue>:metrics:completed, …:failed            HASH  count: all so far; prevTS: ms of the last entry;
--   prevCount: count at that moment. No expiry.
-- <prefix>:<queue>:metrics:completed:data, …:failed:data  LIST  jobs a minute, newest at the left. No expiry.
-- Written here and by Node's workers, read by Node's getMetrics and by boards, removed by obliterate.
local now = server_time()
local timestamp = int(now)
local finished = { completed = {}, failed = {} }
local used_rules = { completed = {}, failed = {} }
local removed = {}
-- How many ended, whether they are kept or not.
local ended = { completed = 0, failed = 0 }

-- The keep rules of a call, as its arguments give them: number of rules, then age s (-1 any), count (-1 any, 0 none) and most
-- removed by age in one call for each.
local function read_rules(next_argument)
  local rules = {}
  for index = 1, tonumber(next_argument()) do
    rules[index] = { age = tonumber(next_argument()), count = tonumber(next_argument()), limit = tonumber(next_argument()) }
  end
  return rules
end

-- Removes what a rule doesn't keep, a bounded number at a time; `farewell` is told each id before, or nil.
local function trim(set_key, rule, farewell)
  local function remove(ids)
    if farewell then
      for _, id in ipairs(ids) do farewell(id) end
    end
    each_chunk('ZREM', set_key, ids)
    delete_jobs(here, ids)
  end
  if rule.age >= 0 then
    remove(call('ZREVRANGEBYSCORE', set_key, int(now - rule.age * 1000), '-inf', 'LIMIT', 0, rule.limit))
  end
  local excess = rule.count > 0 and call('ZCARD', set_key) - rule.count or 0
  if excess > 0 then remove(call('ZRANGE', set_key, 0, math.min(excess, MOST_ARGUMENTS) - 1)) end
end

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

-- Puts the finished ones into their sets, trims those by the rules of this call, and counts by the minute (0: doesn't).
-- `farewell` is told each dead letter that is trimmed.
local function store_finished(minutes, farewell)
  delete_jobs(here, removed)
  for state, set_key in pairs({ completed = here.completed, failed = here.failed }) do
    if ended[state] > 0 then
      each_chunk('ZADD', set_key, finished[state])
      for rule in pairs(used_rules[state]) do trim(set_key, rule, state == 'failed' and farewell) end
      -- pcall: the keys may be of another type; a count must not keep what was counted from being stored.
      if minutes > 0 and not pcall(count_finished_jobs, state, ended[state], minutes) then
        note_problem('metrics_not_counted', ended[state])
      end
    end
  end
end

-- After the next jobs were taken: whether this call finished the last ones there were.
local function announce_drained(taken)
  if taken[6] and #taken[6] > 0 or ended.completed + ended.failed == 0 then return end
  if call('EXISTS', here.wait, here.active, here.prioritized) == 0 then call('XADD', here.events, '*', 'event', 'drained') end
end
