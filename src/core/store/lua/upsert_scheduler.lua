-- Stores a job scheduler with its pending run. One with the same id is replaced together with the run that waits for its
-- moment; what it has counted so far stays.
--
-- ARGV
--   3 library   text for meta.library, written where absent
--   4 id        of the scheduler
--   5 name      of its jobs
--   6 data      of its jobs (JSON), '' none
--   7 opts      of its jobs (JSON), '' none: what later runs look back to
--   8 run_opts  of the pending run (JSON without the closing brace); its id and times are added here
--   9 priority  0…2097151
--  10 lifo      "1"
--  11 pattern   cron pattern, '' for an interval
--  12 zone      IANA zone of the pattern, '' none
--  13 slot      ms when the pattern matches next, '' for an interval
--  14 every     ms, '' for a pattern
--  15 offset    ms within the interval, '' none
--  16 limit     runs in its life, '' any
--  17 start     ms, '' none
--  18 finish    ms, '' none: no run after it
-- Returns { code, id of the pending run, its ms, replaced }: code 1 stored, -10 the slot of the pattern has its job
-- already, -11 so have many slots of the interval, -1 the first run would be after the end (nothing was changed).
local id, every, given_offset = ARGV[4], tonumber(ARGV[14]), tonumber(ARGV[15])
local start, finish = tonumber(ARGV[17]), tonumber(ARGV[18])
local key = base .. 'repeat:' .. id
local prefix = 'repeat:' .. id .. ':'
local now = server_time()
-- How many slots of an interval are tried before it counts as occupied, as BullMQ does.
local MOST_SLOTS = 32

-- pcall: the key may hold another type; it is written anew below.
local known = redis.pcall('HMGET', key, 'every', 'offset', 'ic')
if known.err then known = {} end
local pending = tonumber(call('ZSCORE', here.schedulers, id) or nil)

local function first_slot()
  if not every then return tonumber(ARGV[13]) end
  if pending and tonumber(known[1] or nil) == every then return pending end
  if start and start > now then return start end
  if not given_offset then return now end
  local slot = math.floor(now / every) * every + given_offset
  return slot > now and slot or slot + every
end

-- Takes back the run that waits for its moment or in line; one that a worker has stays.
local function take_back(run)
  local left = call('ZREM', here.delayed, run) + call('ZREM', here.prioritized, run)
  if left == 0 then left = call('LREM', here.wait, 1, run) + call('LREM', here.paused, 1, run) end
  if left == 0 then return end
  local deduplication_id = call('HGET', base .. run, 'deid')
  if deduplication_id then free_deduplication(here, run, deduplication_id) end
  delete_jobs(here, { run })
end

local slot = first_slot()
if finish and slot > finish then return { -1, '', int(slot), 0 } end
if pending and call('EXISTS', base .. prefix .. int(pending)) == 1 then take_back(prefix .. int(pending)) end
local tried = 1
while call('EXISTS', base .. prefix .. int(slot)) == 1 do
  if not every then return { -10, prefix .. int(slot), int(slot), 0 } end
  if tried == MOST_SLOTS then return { -11, prefix .. int(slot), int(slot), 0 } end
  slot, tried = slot + every, tried + 1
end

local run = prefix .. int(slot)
local offset = given_offset or tonumber(known[2] or nil) or (every and slot % every) or 0
local fields = { 'name', ARGV[5], 'offset', int(offset), 'ic', known[3] or 1 }
local function keep(name, value)
  if value == '' then return end
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
keep('pattern', ARGV[11])
keep('tz', ARGV[12])
keep('every', ARGV[14])
keep('limit', ARGV[16])
keep('startDate', ARGV[17])
keep('endDate', ARGV[18])
keep('data', ARGV[6])
keep('opts', ARGV[7])
call('HSETNX', here.meta, 'library', ARGV[3])
call('ZADD', here.schedulers, int(slot), id)
call('DEL', key)
call('HSET', key, unpack(fields))
call('INCR', here.id)
create_run(id, run, slot, now, { name = ARGV[5], data = ARGV[6], opts = ARGV[8], priority = ARGV[9], lifo = ARGV[10], is_cron = not every })
return { 1, run, int(slot), pending and 1 or 0 }
