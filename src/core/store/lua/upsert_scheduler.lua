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
--  19 anew      "1": what it counted and when it was to run next is forgotten; a run in line already stays
-- Returns { code, id of the pending run, its ms, replaced }: code 1 stored, -10 the slot of the pattern has its job
-- already, -11 so have many slots of the interval, -1 the first run would be after the end: then nothing was changed.
local id, every, given_offset = ARGV[4], tonumber(ARGV[14]), tonumber(ARGV[15])
local start, finish = tonumber(ARGV[17]), tonumber(ARGV[18])
local key = base .. 'repeat:' .. id
local prefix = 'repeat:' .. id .. ':'
local now = server_time()
-- How many slots of an interval are tried before it counts as occupied, as BullMQ does.
local MOST_SLOTS = 32

insist('ZCARD', here.schedulers, 'sorted set')
insist('LLEN', here.paused, 'list')
insist_number(here.id)
insist_places(here, ANYWHERE)

-- ask: the key may hold another type; it is written anew below.
local known = ask('HMGET', key, 'every', 'offset', 'ic')
if known.err then known = {} end
local pending = tonumber(call('ZSCORE', here.schedulers, id) or nil)
local begins_anew = ARGV[19] == '1'
if begins_anew then known = {} end

local function first_slot()
  if not every then return tonumber(ARGV[13]) end
  if pending and tonumber(known[1] or nil) == every then return pending end
  if start and start > now then return start end
  if not given_offset then return now end
  local slot = math.floor(now / every) * every + given_offset
  return slot > now and slot or slot + every
end

-- Where the run waits for its moment, or in line unless the scheduler begins anew, and what takes it from there; nothing for
-- one that a worker has.
local function place_of(run)
  if call('ZSCORE', here.delayed, run) then return here.delayed, 'ZREM' end
  if begins_anew then return end
  if call('ZSCORE', here.prioritized, run) then return here.prioritized, 'ZREM' end
  for _, list in ipairs({ here.wait, here.paused }) do
    if call('LPOS', list, run) then return list, 'LREM' end
  end
end

local slot = first_slot()
if finish and slot > finish then return { -1, '', int(slot), 0 } end
local old_run, place, removal = pending and prefix .. int(pending), nil, nil
if old_run and call('EXISTS', base .. old_run) == 1 then place, removal = place_of(old_run) end
local tried = 1
while prefix .. int(slot) ~= (place and old_run) and call('EXISTS', base .. prefix .. int(slot)) == 1 do
  if not every then return { -10, prefix .. int(slot), int(slot), 0 } end
  if tried == MOST_SLOTS then return { -11, prefix .. int(slot), int(slot), 0 } end
  slot, tried = slot + every, tried + 1
end

-- The old run is taken back only now: a scheduler that is refused leaves everything as it was.
if place then
  if removal == 'ZREM' then call('ZREM', place, old_run) else call('LREM', place, 1, old_run) end
  -- ask: the key may hold another type.
  local deduplication_id = ask('HGET', base .. old_run, 'deid')
  if type(deduplication_id) == 'string' then free_deduplication(here, old_run, deduplication_id) end
  delete_jobs(here, { old_run })
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
