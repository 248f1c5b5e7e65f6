-- Makes the next run of a job scheduler, when a worker has taken the pending one and before it runs. Only the pending run
-- does that: one that is tried again, or was stalled, finds that another has become the pending one.
--
-- ARGV
--   3 id        of the scheduler
--   4 run       id of the job that was taken
--   5 run_opts  of the next run (JSON without the closing brace); its id and times are added here
--   6 priority  0…2097151
--   7 lifo      "1"
--   8 slot      ms when the pattern matches next, '' for an interval
--   9 finish    ms, '' none: no run after it
-- Returns { code, ms of the next run }: 1 made, 2 its slot has a job already, 0 that job is not the pending run,
-- -1 the scheduler has no definition, -2 it has no interval that can be read, -3 the next run would be after the end.
local id, finish = ARGV[3], tonumber(ARGV[9])
local prefix = 'repeat:' .. id .. ':'
local now = server_time()
insist('ZCARD', here.schedulers, 'sorted set')
local pending = tonumber(call('ZSCORE', here.schedulers, id) or nil)
if not pending or ARGV[4] ~= prefix .. int(pending) then return { 0, 0 } end
local key = base .. 'repeat:' .. id
-- ask: the key may hold another type.
local known = ask('HMGET', key, 'name', 'data', 'every', 'offset')
if known.err or not known[1] then return { -1, 0 } end

local slot = tonumber(ARGV[8])
local is_cron = slot ~= nil
if not is_cron then
  local every = tonumber(known[3] or nil)
  if not every or every < 1 then return { -2, 0 } end
  slot = pending + every
  if slot < now then
    slot = math.floor(now / every) * every + (tonumber(known[4] or nil) or 0)
    if slot <= now then slot = slot + every end
  end
end
if finish and slot > finish then return { -3, int(slot) } end

local next_id = prefix .. int(slot)
if call('EXISTS', base .. next_id) == 1 then
  call('XADD', here.events, '*', 'event', 'duplicated', 'jobId', next_id)
  trim_events(here)
  return { 2, int(slot) }
end
insist_number(here.id)
insist_places(here, ANYWHERE)
call('ZADD', here.schedulers, int(slot), id)
-- ask: a count that is no number must not stop the schedule.
if type(ask('HINCRBY', key, 'ic', 1)) == 'table' then call('HSET', key, 'ic', 1) end
call('INCR', here.id)
create_run(id, next_id, slot, now, {
  name = known[1], data = known[2] or '', opts = ARGV[5], priority = ARGV[6], lifo = ARGV[7], is_cron = is_cron,
})
return { 1, int(slot) }
