-- Tells a server what it has forgotten, or never heard of: sends of the last seconds from the journal of a worker, its own or a
-- dead one's. Only jobs that are still the same message are touched, and only if nothing is known of a later send.
--
-- ARGV
--   3 lock_ms   how long the locks of jobs live that are still being sent
--   4 fence     h, r or l: the worker's rule for sends that nobody knows the outcome of
--   5 deadline_ms  after its intent nobody may still be sending a job
--   6 forgot    "1": the server may have forgotten the intents too; else only jobs that carry theirs are touched
--   7 rules     how many keep rules follow: 1, for completed jobs that say nothing themselves
--   8…          three a rule: age s (-1 any), count (-1 any, 0 none), most removed by age in one call
--    … minutes  of BullMQ's metrics that are kept, 0 counts nothing
--    …          eight a job: id, token, attempt from 1, SHA-1 in hex of data, a zero byte and stable key, kind, ms of its intent,
--               the provider's id of the message or '', text
--     kind sent     text = return value (JSON): it is completed
--          mine     the worker is sending it, or has its outcome: it is active again under the worker's token, with its intent
--          unknown  text = reason: it is held
-- Returns one number a job: 1 done; 0 nothing to do: it is known, has changed or is gone, or somebody is sending it since.
local cursor = 6
local function next_argument()
  cursor = cursor + 1
  return ARGV[cursor]
end
local lock_ms, policy, deadline_ms, has_forgotten = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
local fence = { policy = policy, deadline_ms = deadline_ms }
local rules = read_rules(next_argument)
local minutes = tonumber(next_argument())

-- The moment in a field wqi.
local function intent_ms(text)
  return tonumber(string.match(text, '^[^:]*:%d+:(%d+):') or nil) or 0
end

-- Takes a job out of wherever it stands; what was taken lately is at the right end of its list.
local function leave(id)
  for _, set in ipairs({ 'failed', 'prioritized', 'delayed' }) do
    if call('ZREM', here[set], id) == 1 then return set end
  end
  for _, list in ipairs({ 'active', 'wait', 'paused' }) do
    if call('LREM', here[list], -1, id) > 0 then return list end
  end
end

-- What the job's own removeOnComplete says, else the worker's rule.
local function rule_of(opts)
  local is_json, options = pcall(cjson.decode, opts or '')
  local own_rule = is_json and type(options) == 'table' and options.removeOnComplete
  if own_rule == true then return { age = -1, count = 0, limit = 0 } end
  if type(own_rule) == 'number' then return { age = -1, count = own_rule, limit = 1000 } end
  if type(own_rule) == 'table' then
    return { age = tonumber(own_rule.age) or -1, count = tonumber(own_rule.count) or -1, limit = tonumber(own_rule.limit) or 1000 }
  end
  return rules[1]
end

-- What is known of the job, or nil when the journal has nothing to add.
local function look_up(job)
  -- ask: it may be a key of another type.
  local fields = ask('HMGET', job.key, 'data', 'wqk', 'wqi', 'wqs', 'ats', 'atm', 'attemptsMade', 'deid', 'priority',
    'parentKey', 'opts')
  if fields.err or not fields[1] then return end
  if redis.sha1hex(fields[1] .. '\0' .. (fields[2] or job.id)) ~= job.digest then return end
  if call('ZSCORE', here.completed, job.id) then return end
  -- The server knows that it was sent; if it waits again that was somebody's wish.
  if fields[4] and string.sub(fields[4], 1, #job.token + 1) == job.token .. ':' then return end
  job.intent, job.ats = fields[3], tonumber(fields[5] or 0) or 0
  local is_own = job.intent and string.sub(job.intent, 1, #job.token + 1) == job.token .. ':'
  if job.intent and not is_own and intent_ms(job.intent) > job.at then return end
  job.held = held_entry(job.id)
  local is_held_for_it = job.held and string.sub(job.held.intent, 1, #job.token + 1) == job.token .. ':'
  if job.held and not is_held_for_it then return end
  if not has_forgotten and not is_own and not is_held_for_it then return end
  job.is_own = is_own
  job.attempts_made = math.max(tonumber(fields[6] or 0) or 0, tonumber(fields[7] or 0) or 0)
  job.counts_for_v4, job.deduplication = fields[7], fields[8]
  job.priority, job.parent_key, job.opts = tonumber(fields[9] or 0) or 0, fields[10], fields[11]
  return job
end

local function unlock(job)
  call('DEL', job.key .. ':lock')
  call('SREM', here.stalled, job.id)
end

local tell = {}

function tell.sent(job)
  local place = leave(job.id)
  if not place then return 0 end
  unlock(job)
  if job.held then call('HDEL', held_key, job.id) end
  call('HDEL', job.key, 'failedReason', 'wqi', 'wqc')
  if place == 'failed' and job.held and job.held.counted then job.attempts_made = math.max(job.attempts_made - 1, 0) end
  job.attempts_made = math.max(job.attempts_made, job.attempt - 1)
  job.outcome = outcome_of(job.token, job.ats, job.provider)
  job.rule = rule_of(job.opts)
  settle.completed(job)
  return 1
end

function tell.mine(job)
  if job.held then return 0 end
  if call('GET', job.key .. ':lock') ~= job.token then
    local place = leave(job.id)
    if not place then return 0 end
    call('LPUSH', here.active, job.id)
    if place ~= 'active' then
      job.ats = job.ats + 1
      call('HSET', job.key, 'processedOn', int(job.at), 'ats', job.ats)
      call('XADD', here.events, '*', 'event', 'active', 'jobId', job.id, 'prev', 'waiting')
    end
  end
  call('SET', job.key .. ':lock', job.token, 'PX', policy ~= 'r' and HELD_LOCK_MS or lock_ms)
  call('SREM', here.stalled, job.id)
  if not job.is_own then
    call('HSET', job.key, 'wqi', job.token .. ':' .. int(job.ats) .. intent_tail(fence, job.at))
    call('HDEL', job.key, 'wqs')
  end
  return 1
end

function tell.unknown(job)
  -- Under retry it runs again anyway; one that carries its intent is judged with its worker.
  if job.held or job.is_own or policy == 'r' or not leave(job.id) then return 0 end
  unlock(job)
  call('HSET', job.key, 'wqi', job.token .. ':' .. int(job.ats) .. intent_tail(fence, job.at))
  job.attempts_made = math.max(job.attempts_made, job.attempt - 1)
  settle.hold(job)
  return 1
end

insist_places(here, ANYWHERE)
insist_number(here.id)
for _, list in ipairs({ here.active, here.wait, here.paused }) do insist('LLEN', list, 'list') end
for _, set in ipairs({ here.failed, here.completed }) do insist('ZCARD', set, 'sorted set') end
insist('SCARD', here.stalled, 'set')
insist('HLEN', held_key, 'hash')

local statuses = {}
for at = cursor + 1, #ARGV, 8 do
  local job = look_up({
    id = ARGV[at], key = base .. ARGV[at], token = ARGV[at + 1], attempt = tonumber(ARGV[at + 2]), digest = ARGV[at + 3],
    at = tonumber(ARGV[at + 5]), provider = ARGV[at + 6], text = ARGV[at + 7], trace = '', traces = -1, attempts = 0,
  })
  statuses[#statuses + 1] = job and tell[ARGV[at + 4]](job) or 0
end
store_finished(minutes, leave_parent)
trim_events(here)
wake_workers()
return statuses
