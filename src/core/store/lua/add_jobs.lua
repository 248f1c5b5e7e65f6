-- Adds many jobs at once: all or nothing, in the order given, each stored once however often the call is repeated.
--
-- ARGV
--   3 library      text for meta.library, written where absent
--   4 ledger       "1": ids are row ids, refused when the ledger knows them
--   5 shapes       how many shapes follow; jobs of one campaign differ only in id and data
--   6…             six a shape: name, opts (JSON), priority (0…2097151), lifo ("1"), start ("now", "after", "at"), ms
--   …              three a job: id, data (JSON), number of its shape from 1
-- Returns one number a job: 1 stored, 0 duplicate.
local library, uses_ledger, shape_count = ARGV[3], ARGV[4] == '1', tonumber(ARGV[5])
local first_job = 6 + shape_count * 6
local now = server_time()

local shapes = {}
for index = 1, shape_count do
  local at = 6 + (index - 1) * 6
  local start, ms = ARGV[at + 4], tonumber(ARGV[at + 5])
  local due = (start == 'after' and now + ms) or (start == 'at' and ms) or now
  shapes[index] = {
    name = ARGV[at], opts = ARGV[at + 1], priority = tonumber(ARGV[at + 2]), lifo = ARGV[at + 3] == '1',
    due = due, delay = int(math.max(due - now, 0)), is_delayed = due > now,
  }
end

local keys = {}
for at = first_job, #ARGV, 3 do keys[#keys + 1] = base .. ARGV[at] end
call('INCRBY', here.id, #keys)
call('HSETNX', here.meta, 'library', library)
local limit = event_limit(here)
local known = {}
-- Marks which of keys[first…last] exist, by halves: none or all, the usual cases, take one command.
local function find_known(first, last)
  local count = call('EXISTS', unpack(keys, first, last))
  if count == 0 then return end
  if count == last - first + 1 then
    for index = first, last do known[index] = true end
    return
  end
  local middle = math.floor((first + last) / 2)
  find_known(first, middle)
  find_known(middle + 1, last)
end
find_known(1, #keys)
local ledger = uses_ledger and ledger_open(now)

local statuses, seen = {}, {}
local back, front, ranked, next_score = {}, {}, {}, {}
local added, timestamp = 0, int(now)
for index, key in ipairs(keys) do
  local at = first_job + (index - 1) * 3
  local id, shape = ARGV[at], shapes[tonumber(ARGV[at + 2])]
  local duplicate = seen[id] or known[index] or (ledger and not ledger_record(ledger, id))
  seen[id] = true
  if duplicate then
    statuses[index] = 0
    call('XADD', here.events, '*', 'event', 'duplicated', 'jobId', id)
  else
    statuses[index] = 1
    added = added + 1
    call('HSET', key, 'name', shape.name, 'data', ARGV[at + 1], 'opts', shape.opts, 'timestamp', timestamp,
      'delay', shape.delay, 'priority', shape.priority)
    call('XADD', here.events, '*', 'event', 'added', 'jobId', id, 'name', shape.name)
    if shape.is_delayed then
      local score = next_score[shape.due] or due_score(here, shape.due)
      next_score[shape.due] = math.min(score + 1, shape.due * DUE_STEP + DUE_STEP - 1)
      call('ZADD', here.delayed, int(score), id)
      call('XADD', here.events, '*', 'event', 'delayed', 'jobId', id, 'delay', int(shape.due))
    else
      if shape.priority > 0 then
        ranked[#ranked + 1] = shape.priority
        ranked[#ranked + 1] = id
      else
        local side = shape.lifo and front or back
        side[#side + 1] = id
      end
      call('XADD', here.events, '*', 'event', 'waiting', 'jobId', id)
    end
  end
end

if #back > 0 or #front > 0 then
  local list = wait_list(here)
  each_chunk('LPUSH', list, back)
  each_chunk('RPUSH', list, front)
end
if #ranked > 0 then
  local number = call('INCRBY', here.counter, #ranked / 2) - #ranked / 2
  for at = 1, #ranked, 2 do
    number = number + 1
    -- A number as an argument keeps its 53 bits, unlike tostring.
    ranked[at] = ranked[at] * PRIORITY_STEP + number % PRIORITY_STEP
  end
  each_chunk('ZADD', here.prioritized, ranked)
end
if #back > 0 or #front > 0 or #ranked > 0 then mark_ready(here) end
if next(next_score) then mark_due(here) end
if added > 0 then call('XTRIM', here.events, 'MAXLEN', '~', limit) end
return statuses
