-- BullMQ's stalled pass: jobs that were active at the last pass too and have no lock go back to wait.
--
-- ARGV
--   3 interval_ms  one pass per interval over all workers of the queue
--   4 max_stalled  a job that stalled more often is failed by whoever takes it next
-- Returns the ids that went back; nothing when another worker's pass was less than an interval ago.
local now = server_time()
insist_places(here, ANYWHERE)
insist('LLEN', here.active, 'list')
insist('SCARD', here.stalled, 'set')
if not call('SET', here.stalled_check, int(now), 'PX', ARGV[3], 'NX') then return {} end
trim_events(here)

local recovered = {}
local suspects = call('SMEMBERS', here.stalled)
call('DEL', here.stalled)
for _, id in ipairs(suspects) do
  local key = base .. id
  if call('EXISTS', key .. ':lock') == 0 and call('LREM', here.active, 1, id) > 0 then
    -- ask: the key may hold another type, and stc no number; the other jobs must come back all the same.
    local is_scheduled = ask('HEXISTS', key, 'rjk')
    if type(is_scheduled) == 'number' and is_job(id) then
      local stalls = ask('HINCRBY', key, 'stc', 1)
      if type(stalls) ~= 'number' then
        stalls = 1
        call('HSET', key, 'stc', stalls)
      end
      if stalls > tonumber(ARGV[4]) and is_scheduled == 0 then
        call('HSET', key, 'defa', 'job stalled more than allowable limit')
      end
      call('RPUSH', wait_list(here), id)
      announce_waiting(here, id, 'active')
      call('XADD', here.events, '*', 'event', 'stalled', 'jobId', id)
      recovered[#recovered + 1] = id
    else
      note_problem('missing_hash', 1)
    end
  end
end
if #recovered > 0 then mark_ready(here) end
each_chunk('SADD', here.stalled, call('LRANGE', here.active, 0, -1))
return recovered
