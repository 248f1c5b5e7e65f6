-- Adds many jobs at once: all or nothing, in the order given, each stored once however often the call is repeated.
--
-- ARGV
--   3 library      text for meta.library, written where absent
--   4 ledger       "1": ids are row ids, refused when the ledger knows them
--   5 shapes       how many shapes follow; jobs of one campaign differ only in id and data
--   6 repeats      "1": an id comes more than once
--   7 deduplicated how many of the jobs have a deduplication id
--   8 max_waiting  jobs that may wait then, 0 any
--   9 max_bytes    memory that the server may use before, 0 any
--  10 lane         with the number the name of this call, should it be repeated (lib/repeats.lua); '' for one that never is
--  11 number       of the call
--  12 memory_ms    how long its answer is remembered
--  13…             eight a shape: name, opts (JSON), priority (0…2097151), lifo ("1"), start ("now", "after", "at"), ms,
--                  what deduplication does beside refusing ("extend replace reschedule keepLastIfActive", any of them),
--                  its TTL in ms (0 none). For jobs with a deduplication id opts ends where that id is to stand.
--   …              two a deduplicated job: its place from 1, its deduplication id
--   …              two a job: id, data (JSON); with several shapes a third, the number of its shape from 1
-- Returns how many there are when all were stored, else one answer a job: 1 stored, 0 duplicate, or as text the id of the job that
-- it was deduplicated by. Or, when there is no room for all of it, { { what is full, "waiting" or "bytes"; how many more have room;
-- how much there is } }: nothing was stored.
local library, uses_ledger, shape_count = ARGV[3], ARGV[4] == '1', tonumber(ARGV[5])
local first_deduplication = 13 + shape_count * 8
local first_job = first_deduplication + tonumber(ARGV[7]) * 2
local width = shape_count > 1 and 3 or 2
local now = server_time()
local lane, call_number = ARGV[10], tonumber(ARGV[11])
local earlier = earlier_answer(lane, call_number)
if earlier then return earlier end

local deduplications, owners
if first_job > first_deduplication then
  deduplications = {}
  for at = first_deduplication, first_job - 1, 2 do deduplications[tonumber(ARGV[at])] = ARGV[at + 1] end
  local wrong_key
  owners, wrong_key = find_owners(deduplications)
  if not owners then return redis.error_reply('WRONGTYPE ' .. wrong_key .. ' holds no job id: remove it') end
end

local shapes, places = {}, {}
for index = 1, shape_count do
  local at = 13 + (index - 1) * 8
  local start, ms = ARGV[at + 4], tonumber(ARGV[at + 5])
  local due = (start == 'after' and now + ms) or (start == 'at' and ms) or now
  local shape = {
    name = ARGV[at], opts = ARGV[at + 1], priority = tonumber(ARGV[at + 2]), lifo = ARGV[at + 3] == '1',
    due = due, delay = int(math.max(due - now, 0)), is_delayed = due > now, starts_at = start == 'at',
    rules = deduplications and read_rules(ARGV[at + 6], tonumber(ARGV[at + 7])),
  }
  -- Jobs name it by its number, a text here.
  shapes[int(index)] = shape
  local rules = shape.rules
  if shape.is_delayed or rules and (rules.replaces or rules.reschedules) then places.delayed = true end
  if not shape.is_delayed then places[shape.priority > 0 and 'ranked' or 'plain'] = true end
end
insist_places(here, places)
insist('ZCARD', here.marker, 'sorted set')

-- From here on a step that every job takes costs a bulk add a percent: no call of a function, no look into a table that can be saved.
local keys, ids, count, reserved_ids = {}, {}, 0, all_reserved()
for at = first_job, #ARGV, width do
  local id = ARGV[at]
  if reserved_ids[id] then return refuse_id(id) end
  count = count + 1
  ids[count], keys[count] = id, base .. id
end
local known = {}
-- Marks which of keys[first…last] exist, by halves: none or all, the usual cases, take one command.
local function find_known(first, last)
  local found = call('EXISTS', unpack(keys, first, last))
  if found == 0 then return end
  if found == last - first + 1 then
    for index = first, last do known[index] = true end
    return
  end
  local middle = math.floor((first + last) / 2)
  find_known(first, middle)
  find_known(middle + 1, last)
end
find_known(1, #keys)
-- What is held may have been sent, even if somebody removed the job itself.
if call('EXISTS', own .. 'held') == 1 then
  insist('HLEN', own .. 'held', 'hash')
  for first = 1, #keys, MOST_ARGUMENTS do
    for offset, entry in ipairs(call('HMGET', own .. 'held', unpack(ids, first, math.min(first + MOST_ARGUMENTS - 1, #ids)))) do
      if entry then known[first + offset - 1] = true end
    end
  end
end
local ledger = uses_ledger and ledger_open(now)
local room, scarce, amount = room_left(tonumber(ARGV[8]), tonumber(ARGV[9]))
if room and room < #keys and room < count_new(ids, known, ledger) then return { { scarce, room, amount } } end
-- The first writes, and the checks of their keys.
local is_new, take_back
if ledger then is_new, take_back = ledger_record_all(ledger, ids, known, now) end
if type(ask('INCRBY', here.id, #keys)) == 'table' then
  if ledger then take_back() end
  insist_number(here.id)
  no_number(here.id)
end
call('HSETNX', here.meta, 'library', library)
local limit = event_limit(here)

-- Answers that aren't 1; the ids so far, where one comes more than once; those that a later one of this call replaced.
local answers, seen, replaced = {}, ARGV[6] == '1' and {}, {}
local back, front, ranked, ranked_size, next_score = {}, {}, {}, 0, {}
local timestamp, events = int(now), here.events
-- For a job with a deduplication id: the owner that it yields to, if any, and its complete opts.
local function look_at_owner(id, deduplication_id, shape, data)
  local opts = shape.opts .. cjson.encode(deduplication_id) .. '}}'
  local job = {
    id = id, name = shape.name, data = data, opts = opts, due = shape.due, delay = shape.delay, starts_at = shape.starts_at,
    rules = shape.rules, deduplication_id = deduplication_id,
  }
  local owner, other = deduplicate(owners, job)
  if other then replaced[other] = true end
  -- The owner may have been put off into the millisecond of others in this batch.
  if owner then next_score[shape.due] = nil else replaced[id] = nil end
  return owner, opts
end

local only_shape = shape_count == 1 and shapes['1']
for index = 1, count do
  local at = first_job + (index - 1) * width
  local id, key, shape = ids[index], keys[index], only_shape or shapes[ARGV[at + 2]]
  local duplicate = (known[index] or seen and seen[id]) and not replaced[id]
  -- One that was known, and has just been replaced, was not asked for yet.
  if not duplicate and ledger then duplicate = not (is_new[index] or known[index] and ledger_record(ledger, id)) end
  if seen then seen[id] = true end
  local deduplication_id = not duplicate and deduplications and deduplications[index]
  local owner, opts
  if deduplication_id then owner, opts = look_at_owner(id, deduplication_id, shape, ARGV[at + 1]) end
  if duplicate then
    answers[index] = 0
    call('XADD', events, '*', 'event', 'duplicated', 'jobId', id)
  elseif owner then
    -- Its own owner: stored by an earlier call, finished and gone, and its TTL still runs.
    answers[index] = owner == id and 0 or owner
    if ledger then ledger_forget(id, now) end
  else
    if opts then
      call('HSET', key, 'name', shape.name, 'data', ARGV[at + 1], 'opts', opts, 'timestamp', timestamp,
        'delay', shape.delay, 'priority', shape.priority, 'deid', deduplication_id)
    else
      call('HSET', key, 'name', shape.name, 'data', ARGV[at + 1], 'opts', shape.opts, 'timestamp', timestamp,
        'delay', shape.delay, 'priority', shape.priority)
    end
    call('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', shape.name)
    if shape.is_delayed then
      local score = next_score[shape.due] or due_score(here, shape.due)
      next_score[shape.due] = math.min(score + 1, shape.due * DUE_STEP + DUE_STEP - 1)
      call('ZADD', here.delayed, int(score), id)
      call('XADD', events, '*', 'event', 'delayed', 'jobId', id, 'delay', int(shape.due))
    else
      if shape.priority > 0 then
        ranked_size = ranked_size + 2
        ranked[ranked_size - 1], ranked[ranked_size] = shape.priority, id
      else
        local side = shape.lifo and front or back
        side[#side + 1] = id
      end
      call('XADD', events, '*', 'event', 'waiting', 'jobId', id)
    end
  end
end

if #back > 0 or #front > 0 then
  local list = wait_list(here)
  each_chunk('LPUSH', list, back)
  each_chunk('RPUSH', list, front)
end
if ranked_size > 0 then
  local number = call('INCRBY', here.counter, ranked_size / 2) - ranked_size / 2
  for at = 1, ranked_size, 2 do
    number = number + 1
    -- A number as an argument keeps its 53 bits, unlike tostring.
    ranked[at] = ranked[at] * PRIORITY_STEP + number % PRIORITY_STEP
  end
  each_chunk('ZADD', here.prioritized, ranked)
end
if #back > 0 or #front > 0 or ranked_size > 0 then mark_ready(here) end
if next(next_score) then mark_due(here) end
call('XTRIM', events, 'MAXLEN', '~', limit)
local answer = count
if next(answers) then
  answer = answers
  for index = 1, count do answers[index] = answers[index] or 1 end
end
remember_answer(lane, call_number, ARGV[12], answer)
return answer
