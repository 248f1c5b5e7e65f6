-- What becomes of a job that leaves `active`: one function a verdict. Changes that many jobs share are gathered and made
-- once, by store_finished of lib/finished.lua and by wake_workers.
--
-- A job here is { id, key, kind, text, trace, traces, ms, attempts, rule } as settle_jobs reads them, and { attempts_made,
-- counts_for_v4, deduplication, priority, parent_key, ats, intent } as it finds them. A rule is { age s (-1 any), count (-1 any), limit }.
local wakes, delays = false, false

-- How many attempts have ended with this one, for atm.
local function count_attempt(job)
  local attempts_made = job.attempts_made + 1
  if job.counts_for_v4 then call('HSET', job.key, 'attemptsMade', attempts_made) end
  return attempts_made
end

-- Adds the trace of this attempt to those before it, a JSON array of texts; BullMQ's stackTraceLimit keeps the last ones.
local function keep_trace(job)
  if job.trace == '' then return end
  local stored = call('HGET', job.key, 'stacktrace')
  local known, before = pcall(cjson.decode, stored or '[]')
  local traces = {}
  if known and type(before) == 'table' then
    for _, text in ipairs(before) do
      if type(text) == 'string' then traces[#traces + 1] = text end
    end
  end
  traces[#traces + 1] = job.trace
  if job.traces >= 0 then
    local kept = {}
    for at = math.max(#traces - job.traces, 0) + 1, #traces do kept[#kept + 1] = traces[at] end
    traces = kept
  end
  -- Lua knows no empty array.
  call('HSET', job.key, 'stacktrace', #traces > 0 and cjson.encode(traces) or '[]')
end

-- What a child that ends does to its parent; one that failed and leaves nothing behind is no longer waited for.
local function tell_parent(job, state)
  local problem = attempt(end_child, job, state, now)
  if not problem and state == 'failed' and job.rule and job.rule.count == 0 then
    problem = attempt(forget_child, job.parent_key, job.key)
  end
  if problem then note_lost_parent(job.key, problem) end
end

-- Completed or failed for good.
local function finish(job, state, result_field)
  local attempts_made = count_attempt(job)
  ended[state] = ended[state] + 1
  if job.deduplication then finish_deduplication(here, job.id, job.deduplication, now) end
  if job.parent_key then tell_parent(job, state) end
  if job.rule and job.rule.count == 0 then
    removed[#removed + 1] = job.id
  else
    call('HSET', job.key, result_field, job.text, 'finishedOn', timestamp, 'atm', attempts_made)
    if job.outcome then call('HSET', job.key, 'wqs', job.outcome) end
    keep_trace(job)
    if state == 'failed' then call('HDEL', job.key, 'defa') end
    local set = finished[state]
    set[#set + 1] = timestamp
    set[#set + 1] = job.id
    if job.rule then used_rules[state][job.rule] = true end
  end
  if state == 'completed' then
    call('XADD', here.events, '*', 'event', 'completed', 'jobId', job.id, 'returnvalue', job.text, 'prev',
      job.previous or 'active')
    return
  end
  call('XADD', here.events, '*', 'event', 'failed', 'jobId', job.id, 'failedReason', job.text, 'prev', 'active')
  if attempts_made >= job.attempts then
    call('XADD', here.events, '*', 'event', 'retries-exhausted', 'jobId', job.id, 'attemptsMade', attempts_made)
  end
end

-- Readers parse data, opts and progress as JSON; bytes that are none move to wqraw, where nothing is lost. A number that is
-- missing they show as none, and Bull Board may refuse the whole page for it.
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
  call('HSETNX', job.key, 'timestamp', timestamp)
  for _, field in ipairs({ 'delay', 'priority' }) do call('HSETNX', job.key, field, 0) end
  if #raw > 0 then call('HSET', job.key, 'wqraw', table.concat(raw, '\n')) end
end

local function delay_job(job)
  call('HSET', job.key, 'delay', int(job.ms))
  delay_until(here, job.id, now + job.ms)
  delays = true
end

local function retry(job, priority, side)
  call('HSET', job.key, 'failedReason', job.text, 'atm', count_attempt(job))
  keep_trace(job)
  if job.ms > 0 then return delay_job(job) end
  line_up(here, job.id, priority, side)
  announce_waiting(here, job.id, 'active')
  wakes = true
end

local settle = {}
function settle.wait(job)
  call('HINCRBY', job.key, 'wqw', 1)
  delay_job(job)
end

-- It may have been sent: the attempt counts, but nothing else is over. Its parent waits on, its deduplication stays.
function settle.hold(job)
  call('HSET', job.key, 'atm', count_attempt(job))
  keep_trace(job)
  hold_job(job.id, job.key, job.text, 'active', true)
  ended.failed = ended.failed + 1
end

function settle.completed(job) finish(job, 'completed', 'returnvalue') end
function settle.failed(job) finish(job, 'failed', 'failedReason') end
function settle.damaged(job)
  repair(job)
  finish(job, 'failed', 'failedReason')
end
function settle.retry(job) retry(job, job.priority, 'LPUSH') end
function settle.retry_lifo(job) retry(job, job.priority, 'RPUSH') end
function settle.release(job)
  line_up_in_front(here, job.id, job.priority)
  announce_waiting(here, job.id, 'active')
  wakes = true
end

-- A parent may still wait for a child that failed; those that completed it has counted.
local function leave_parent(id)
  local key = base .. id
  local parent_key = ask('HGET', key, 'parentKey')
  if type(parent_key) == 'string' then attempt(forget_child, parent_key, key) end
end

local function wake_workers()
  if delays then mark_due(here) end
  if wakes then mark_ready(here) end
end
