-- Settles what became of many jobs, each on its own, and takes the next ones in the same call.
--
-- ARGV
--   3 want             jobs to take afterwards, 0 none
--   4…15               how to take, as in take_jobs
--  16 rules            how many keep rules follow
--  17…                 three a rule: age s (-1 any), count (-1 any, 0 none), most removed by age in one call
--   …  minutes         of BullMQ's metrics that are kept, 0 counts nothing
--   …                  ten a job: id, token, kind, text, trace or '', traces kept (-1 all), ms, attempts allowed, rule from 1
--                      (0 all), the provider's id of the message or ''
--     kind completed   text = return value (JSON)
--          failed      text = reason; dead letter
--          damaged     likewise; fields that are no JSON are replaced, their bytes kept in wqraw
--          hold        text = reason; may have been sent: kept in held, and a dead letter that nobody sends without being asked
--          retry       text = reason; ms = back-off, 0 at once and to the back of its line
--          retry_lifo  likewise, to the front of wait
--          wait        ms = how long; no attempt burnt
--          defer       likewise, and nothing else starts for its recipient until then
--          release     to the front of its line as if never taken (but for ats); in the order taken, last first
-- Returns { statuses, take() or {} }; a status a job: 1 done, -1 no such job, -2 no lock, -3 not active,
-- -6 somebody else's lock; a parent that was sent and is a dead letter now: -4 children pending, -9 children failed. With a fence
-- an outcome that comes after its job was held or recovered still counts: 1, or 2 when somebody else sends it once more.
local cursor = 15
local function next_argument()
  cursor = cursor + 1
  return ARGV[cursor]
end

local rules = read_rules(next_argument)
local minutes = tonumber(next_argument())
local how = read_how(4)
local fence = how.fence

local jobs, lock_keys, child_keys = {}, {}, {}
for at = cursor + 1, #ARGV, 10 do
  local key = base .. ARGV[at]
  jobs[#jobs + 1] = {
    id = ARGV[at], key = key, token = ARGV[at + 1], kind = ARGV[at + 2], text = ARGV[at + 3], trace = ARGV[at + 4],
    traces = tonumber(ARGV[at + 5]), ms = tonumber(ARGV[at + 6]), attempts = tonumber(ARGV[at + 7]),
    rule = rules[tonumber(ARGV[at + 8])], provider = ARGV[at + 9],
  }
  lock_keys[#jobs] = key .. ':lock'
  child_keys[#child_keys + 1] = key .. ':dependencies'
  child_keys[#child_keys + 1] = key .. ':unsuccessful'
end
local any_children = each_key('EXISTS', child_keys) > 0
local locks = #jobs > 0 and call('MGET', unpack(lock_keys)) or {}

-- Why a job can't be settled, or nil; in BullMQ's order. Leaves what finish and the rest need in `job`.
local function refusal(job, lock)
  -- ask: what is no job any more must not keep the outcomes of the others from being stored.
  local known = ask('HMGET', job.key, 'atm', 'deid', 'priority', 'timestamp', 'attemptsMade', 'parentKey', 'ats',
    'wqi')
  if known.err then return -1 end
  if not (known[1] or known[3] or known[4]) and call('EXISTS', job.key) == 0 then return -1 end
  job.deduplication, job.priority, job.parent_key = known[2], tonumber(known[3] or 0) or 0, known[6]
  job.ats, job.intent = known[7], known[8]
  -- BullMQ 4 counts in a field of its own, which readers prefer to atm.
  job.counts_for_v4 = known[5]
  job.attempts_made = math.max(tonumber(known[1] or 0) or 0, tonumber(known[5] or 0) or 0)
  if not lock then return -2 end
  if lock ~= job.token then return -6 end
end

-- A parent whose children don't let it complete was sent all the same: it ends as a dead letter, since nobody may send it
-- again without being asked. Returns the status, or nil.
local function hold_parent(job)
  -- ask: a key of another type; what it held can't be known, so it counts.
  local pending, failed = ask('SCARD', job.key .. ':dependencies'), ask('ZCARD', job.key .. ':unsuccessful')
  local status, problem
  if pending ~= 0 then
    status, problem = -4, 'children of it are not finished'
  elseif failed ~= 0 then
    status, problem = -9, 'a child of it had failed meanwhile'
  end
  if status then
    job.kind, job.text = 'failed', 'sent, but not completed: ' .. problem .. '; a retry sends it again'
    job.rule, job.attempts = nil, math.huge
  end
  return status
end

-- Asks for everything that these outcomes may change.
local function insist_outcomes()
  insist('LLEN', here.active, 'list')
  insist('SCARD', here.stalled, 'set')
  insist('XLEN', here.events, 'stream')
  if fence then
    insist('ZCARD', here.failed, 'sorted set')
    insist('HLEN', held_key, 'hash')
  end
  for _, job in ipairs(jobs) do
    local ends = job.kind == 'completed' or job.kind == 'failed' or job.kind == 'damaged'
    if ends then
      insist('ZCARD', here.failed, 'sorted set')
      if job.kind == 'completed' then insist('ZCARD', here.completed, 'sorted set') end
    end
    -- A job that was deduplicated may leave a successor.
    if not ends or job.deduplication then insist_places(here, ANYWHERE) end
    if job.deduplication then insist_number(here.id) end
  end
end

-- All that go to its recipient wait.
function settle.defer(job)
  call('HINCRBY', job.key, 'wqw', 1)
  defer_recipient(job, now)
  delays = true
end

local statuses, open_locks, open_ids = {}, {}, {}
for index, job in ipairs(jobs) do statuses[index] = refusal(job, locks[index]) or 1 end
insist_outcomes()
for index, job in ipairs(jobs) do
  if statuses[index] == 1 then
    open_locks[#open_locks + 1] = lock_keys[index]
    open_ids[#open_ids + 1] = job.id
  else
    local late = fence and settle_late(job, locks[index])
    if late then statuses[index], job.is_late = late, true end
  end
end
each_key('DEL', open_locks)
each_chunk('SREM', here.stalled, open_ids)

for index, job in ipairs(jobs) do
  if statuses[index] == 1 and not job.is_late then
    if call('LREM', here.active, -1, job.id) == 0 then
      statuses[index] = -3
    else
      if fence then close_intent(job, fence) end
      if any_children and job.kind == 'completed' then statuses[index] = hold_parent(job) or 1 end
      settle[job.kind](job)
    end
  end
end
store_finished(minutes, leave_parent)
trim_events(here)
wake_workers()
local want, taken = tonumber(ARGV[3]), {}
if want > 0 then taken = take(want, how) end
announce_drained(taken)
return { statuses, taken }
