-- Completes jobs that were simply sent, many in few commands, and takes the next ones in the same call. It is the usual case
-- and nearly all that a worker costs the server: what has a parent, children, a deduplication or BullMQ 4's counter, and
-- whatever else became of a job, is for settle_jobs.
--
-- ARGV
--   3 want       jobs to take afterwards, 0 none
--   4…15         how to take, as in take_jobs
--  16 rules      how many keep rules follow
--  17…           three a rule: age s (-1 any), count (-1 any, 0 none), most removed by age in one call
--   …  minutes   of BullMQ's metrics that are kept, 0 counts nothing
--   …  classes   how many classes follow; jobs of one take and campaign differ only in id and return value
--   …            four a class: token, attempts made with this one, rule from 1 (0 all), whether they were taken with all fields that
--                a job is made with ("1")
--   …            three a job, at most 1,000: id, return value (JSON), class from 1; with a fence a fourth, the provider's id
--                of the message or ''
-- Returns { statuses, take() or {} }: how many there are when all are done, else a status a job, 1 done, -3 not active. Or { } when
-- one of the jobs needs more than that: then nothing was done.
local cursor = 15
local function next_argument()
  cursor = cursor + 1
  return ARGV[cursor]
end

local rules, classes = read_rules(next_argument), {}
local minutes = tonumber(next_argument())
local how = read_how(4)
local fence = how.fence
-- The fields of a job that was never more than added and taken: name, data, opts, timestamp, delay, priority; processedOn, ats; the
-- worker's name and the intent where there are such.
local BARE_FIELDS = 8 + (how.worker ~= '' and 1 or 0) + (fence and 1 or 0)
for index = 1, tonumber(next_argument()) do
  classes[index] = {
    token = next_argument(), attempts_made = next_argument(), rule = rules[tonumber(next_argument())],
    bare_fields = next_argument() == '1' and BARE_FIELDS,
  }
end
local ids, keys, locks, texts, class_of, outcomes, count = {}, {}, {}, {}, {}, {}, 0
local width = fence and 4 or 3
for at = cursor + 1, #ARGV, width do
  local key = base .. ARGV[at]
  count = count + 1
  ids[count], keys[count], locks[count] = ARGV[at], key, key .. ':lock'
  texts[count], class_of[count] = ARGV[at + 1], classes[tonumber(ARGV[at + 2])]
  if fence then outcomes[count] = ARGV[at + 3] end
end

-- Whether a job exists, has no parent, which may have adopted it since it was taken, and no child that failed. Of a job with nothing
-- but the fields that it was taken with the number of them says all of it: a failed child leaves `defa` in the hash of its parent,
-- or the parent had failed itself, which leaves its trace. To look for <id>:unsuccessful instead is dear: among very many keys
-- no cache has the place where it isn't.
local function is_childless_orphan(key, bare_fields)
  -- ask: it may be a key of another type.
  if ask('HLEN', key) == bare_fields then return true end
  return ask('HEXISTS', key, 'parentKey') == 0 and call('EXISTS', key) == 1 and call('EXISTS', key .. ':unsuccessful') == 0
end

-- Whether all jobs exist, have no parent, no unfinished or failed children, and are this worker's; then their locks are gone.
local function unlock_all()
  local others = { here.stalled }
  for index = 1, count do others[index + 1] = keys[index] .. ':dependencies' end
  -- Usually no job is suspected of having stalled either: asked for in the same command.
  local found = call('EXISTS', unpack(others))
  local any_stalled = found > 0 and call('EXISTS', here.stalled) == 1
  if found > (any_stalled and 1 or 0) then return false end
  for index, token in ipairs(call('MGET', unpack(locks))) do
    if token ~= class_of[index].token then return false end
  end
  for index = 1, count do
    local key = keys[index]
    if not is_childless_orphan(key, class_of[index].bare_fields) then return false end
    if fence then outcomes[index] = outcome_of(class_of[index].token, call('HGET', key, 'ats'), outcomes[index]) end
  end
  insist('LLEN', here.active, 'list')
  insist('XLEN', here.events, 'stream')
  insist('ZCARD', here.completed, 'sorted set')
  facts_of(here)
  if any_stalled then insist('SCARD', here.stalled, 'set') end
  call('DEL', unpack(locks))
  if any_stalled then call('SREM', here.stalled, unpack(ids)) end
  return true
end
if not unlock_all() then return {} end

-- Takes the jobs out of active; returns a table of those that were not there.
local function leave_active()
  local missing = {}
  -- Who takes in order and finishes in order has all of them at the right end: one command instead of one each.
  if count > 2 then
    local ends, all = call('RPOP', here.active, count) or {}, true
    for index, id in ipairs(ids) do all = all and ends[index] == id end
    if all then return missing end
    local is_end = {}
    for _, id in ipairs(ends) do is_end[id] = true end
    all = #ends == count
    for _, id in ipairs(ids) do
      all = all and is_end[id]
      is_end[id] = nil
    end
    if all then return missing end
    for at = #ends, 1, -1 do call('RPUSH', here.active, ends[at]) end
  end
  for _, id in ipairs(ids) do
    if call('LREM', here.active, -1, id) == 0 then missing[id] = true end
  end
  return missing
end

-- What may be left of a job beside its hash: that the other parts are not there was asked for.
local CHILDLESS_PARTS = { ':logs', ':processed', ':failed' }
local missing, set, set_size, gone, events = leave_active(), finished.completed, 0, {}, here.events
-- Those that weren't active, where there are any.
local statuses
for index = 1, count do
  local id, key, text, class = ids[index], keys[index], texts[index], class_of[index]
  local rule = class.rule
  if missing[id] then
    statuses = statuses or {}
    statuses[index] = -3
  else
    if rule and rule.count == 0 then
      gone[#gone + 1] = id
    else
      if fence then
        call('HSET', key, 'returnvalue', text, 'finishedOn', timestamp, 'atm', class.attempts_made, 'wqs', outcomes[index])
        clear_intent(key)
      else
        call('HSET', key, 'returnvalue', text, 'finishedOn', timestamp, 'atm', class.attempts_made)
      end
      set_size = set_size + 2
      set[set_size - 1], set[set_size] = timestamp, id
      if rule then used_rules.completed[rule] = true end
    end
    call('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', text, 'prev', 'active')
    ended.completed = ended.completed + 1
  end
end
if statuses then
  for index = 1, count do statuses[index] = statuses[index] or 1 end
end
delete_jobs(here, gone, CHILDLESS_PARTS)
store_finished(minutes)
local want, taken = tonumber(ARGV[3]), {}
if want > 0 then taken = take(want, how) end
announce_drained(taken)
-- Last, so that what this call said is within the bound too.
trim_events(here)
return { statuses or count, taken }
