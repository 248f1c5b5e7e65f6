-- Removes a job scheduler and the run that waits for its moment. A run that is in line already, or that a worker has,
-- stays and is the last one.
--
-- ARGV
--   3 id  of the scheduler
-- Returns 1 removed, 0 there was none.
local id = ARGV[3]
local key = base .. 'repeat:' .. id
insist_places(here, { delayed = true })
local pending = call('ZSCORE', here.schedulers, id)
if pending then
  local run = 'repeat:' .. id .. ':' .. int(tonumber(pending))
  if call('ZREM', here.delayed, run) == 1 then
    -- ask: the key may hold another type.
    local deduplication_id = ask('HGET', base .. run, 'deid')
    if type(deduplication_id) == 'string' then free_deduplication(here, run, deduplication_id) end
    delete_jobs(here, { run })
    call('XADD', here.events, '*', 'event', 'removed', 'jobId', run, 'prev', 'delayed')
  end
end
local removed = call('ZREM', here.schedulers, id)
call('DEL', key)
trim_events(here)
return removed
