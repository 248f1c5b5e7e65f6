-- Settles what became of many jobs, each on its own, and takes the next ones in the same call.
--
-- ARGV
--   3 want             jobs to take afterwards, 0 none
--   4…10               how to take, as in take_jobs
--  11 rules            how many keep rules follow
--  12…                 three a rule: age s (-1 any), count (-1 any, 0 none), most removed by age in one call
--   …                  eight a job: id, token, kind, text, stacktrace (JSON array or ''), ms, attempts allowed, rule from 1 (0 all)
--     kind completed   text = return value (JSON)
--          failed      text = reason; dead letter
--          damaged     likewise; fields that are no JSON are replaced, their bytes kept in wqraw
--          retry       text = reason; ms = back-off, 0 at once and to the back of its line
--          retry_lifo  likewise, to the front of wait
--          wait        ms = how long; no attempt burnt
--          release     to the front of its line as if never taken (but for ats); in the order taken, last first
-- Returns { statuses, take() or {} }; a status is 1 done, -1 no such job, -2 no lock, -3 not active, -4 children pending,
-- -6 somebody else's lock, -9 children failed.
local rule_count = tonumber(ARGV[11])
local first = 12 + rule_count * 3
local now = server_time()
local timestamp = int(now)
local rules = {}
for index = 1, rule_count do
  local at = 12 + (index - 1) * 3
  rules[index] = { age = tonumber(ARGV[at]), count = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2]) }
end

local jobs, lock_keys, child_keys = {}, {}, {}
for at = first, #ARGV, 8 do
  local key = base .. ARGV[at]
  jobs[#jobs + 1] = {
    id = ARGV[at], key = key, token = ARGV[at + 1], kind = ARGV[at + 2], text = ARGV[at + 3], stack = ARGV[at + 4],
    ms = tonumber(ARGV[at + 5]), attempts = tonumber(ARGV[at + 6]), rule = rules[tonumber(ARGV[at + 7])],
  }
  lock_keys[#lock_keys + 1] = key .. ':lock'
  child_keys[#child_keys + 1] = key .. ':dependencies'
  child_keys[#child_keys + 1] = key .. ':unsuccessful'
end
local any_children = each_key('EXISTS', child_keys) > 0
local locks = #jobs > 0 and call('MGET', unpack(lock_keys)) or {}

-- Why a job can't be settled, or nil; in BullMQ's order. Leaves what finish and the rest need in `job`.
local function refusal(job, lock)
  local known = call('HMGET', job.key, 'atm', 'deid', 'priority', 'timestamp')
  if not (known[1] or known[3] or known[4]) and call('EXISTS', job.key) == 0 then return -1 end
  job.attempts_made, job.deduplication, job.priority = tonumber(known[1] or 0) or 0, known[2], tonumber(known[3] or 0) or 0
  if any_children and job.kind == 'completed' then
    if call('SCARD', job.key .. ':dependencies') > 0 then return -4 end
    if call('ZCARD', job.key .. ':unsuccessful') > 0 then return -9 end
  end
  if not lock then return -2 end
  if lock ~= job.token then return -6 end
end

local statuses, open_locks, open_ids = {}, {}, {}
for index, job in ipairs(jobs) do
  statuses[index] = refusal(job, locks[index]) or 1
  if statuses[index] == 1 then
    open_locks[#open_locks + 1] = lock_keys[index]
    open_ids[#open_ids + 1] = job.id
  end
end
each_key('DEL', open_locks)
each_chunk('SREM', stalled_key, open_ids)

local wakes, delays = false, false
local finished = { completed = {}, failed = {} }
local used_rules = { completed = {}, failed = {} }
local removed = {}

-- Completed or failed for good.
local function finish(job, state, result_field)
  local attempts_made = job.attempts_made + 1
  if job.deduplication then free_deduplication(job.id, job.deduplication) end
  if job.rule and job.rule.count == 0 then
    removed[#removed + 1] = job.id
  else
    call('HSET', job.key, result_field, job.text, 'finishedOn', timestamp, 'atm', attempts_made)
    if job.stack ~= '' then call('HSET', job.key, 'stacktrace', job.stack) end
    if state == 'failed' then call('HDEL', job.key, 'defa') end
    local set = finished[state]
    set[#set + 1] = timestamp
    set[#set + 1] = job.id
    if job.rule then used_rules[state][job.rule] = true end
  end
  if state == 'completed' then
    call('XADD', events_key, '*', 'event', 'completed', 'jobId', job.id, 'returnvalue', job.text, 'prev', 'active')
    return
  end
  call('XADD', events_key, '*', 'event', 'failed', 'jobId', job.id, 'failedReason', job.text, 'prev', 'active')
  if attempts_made >= job.attempts then
    call('XADD', events_key, '*', 'event', 'retries-exhausted', 'jobId', job.id, 'attemptsMade', attempts_made)
  end
end

-- Readers parse data, opts and progress as JSON; bytes that are none move to wqraw, where nothing is lost.
local function repair(job)
  local raw = {}
  for _, field in ipairs({ 'data', 'opts', 'progress' }) do
    local text = call('HGET', job.key, field)
    if (text and not pcall(cjson.decode, text)) or (not text and field ~= 'progress') then
      raw[#raw + 1] = field .. '=' .. (text or '')
      call('HSET', job.key, field, '{}')
    end
  end
  call('HSETNX', job.key, 'name', '')
  if #raw > 0 then call('HSET', job.key, 'wqraw', table.concat(raw, '\n')) end
end

local function delay_job(job)
  call('HSET', job.key, 'delay', int(job.ms))
  delay_until(job.id, now + job.ms)
  delays = true
end

local function retry(job, priority, side)
  call('HSET', job.key, 'failedReason', job.text, 'atm', job.attempts_made + 1)
  if job.stack ~= '' then call('HSET', job.key, 'stacktrace', job.stack) end
  if job.ms > 0 then return delay_job(job) end
  line_up(job.id, priority, side)
  announce_waiting(job.id, 'active')
  wakes = true
end

local settle = { wait = delay_job }
function settle.completed(job) finish(job, 'completed', 'returnvalue') end
function settle.failed(job) finish(job, 'failed', 'failedReason') end
function settle.damaged(job)
  repair(job)
  finish(job, 'failed', 'failedReason')
end
function settle.retry(job) retry(job, job.priority, 'LPUSH') end
function settle.retry_lifo(job) retry(job, job.priority, 'RPUSH') end
function settle.release(job)
  if job.priority > 0 then
    call('ZADD', prioritized_key, int(job.priority * PRIORITY_STEP), job.id)
  else
    call('RPUSH', wait_list(), job.id)
  end
  announce_waiting(job.id, 'active')
  wakes = true
end

for index, job in ipairs(jobs) do
  if statuses[index] == 1 then
    if call('LREM', active_key, -1, job.id) == 0 then
      statuses[index] = -3
    else
      settle[job.kind](job)
    end
  end
end
each_chunk('ZADD', completed_key, finished.completed)
each_chunk('ZADD', failed_key, finished.failed)
delete_jobs(removed)

-- Removes what the rules of this call don't keep, a bounded number at a time.
local function trim(set_key, rule)
  local function remove(ids)
    each_chunk('ZREM', set_key, ids)
    delete_jobs(ids)
  end
  if rule.age >= 0 then
    remove(call('ZREVRANGEBYSCORE', set_key, int(now - rule.age * 1000), '-inf', 'LIMIT', 0, rule.limit))
  end
  local excess = rule.count > 0 and call('ZCARD', set_key) - rule.count or 0
  if excess > 0 then remove(call('ZRANGE', set_key, 0, math.min(excess, MOST_ARGUMENTS) - 1)) end
end
for rule in pairs(used_rules.completed) do trim(completed_key, rule) end
for rule in pairs(used_rules.failed) do trim(failed_key, rule) end

if #jobs > 0 then trim_events() end
if delays then mark_due() end
if wakes then mark_ready() end
local want, taken = tonumber(ARGV[3]), {}
if want > 0 then taken = take(want, read_how(4)) end
if #finished.completed + #finished.failed + #removed > 0 and call('EXISTS', wait_key, active_key, prioritized_key) == 0 then
  call('XADD', events_key, '*', 'event', 'drained')
end
return { statuses, taken }
