-- Resumes the queue; jobs that BullMQ 4 or 5 parked in `paused` run first.
--
-- ARGV  none of its own
-- Returns 1 when it was paused, 0 when it was running.
local changed = call('HDEL', here.meta, 'paused')
if call('EXISTS', here.paused) == 1 then
  if call('EXISTS', here.wait) == 0 then
    call('RENAME', here.paused, here.wait)
  else
    -- The right end runs first: the parked ones in their own order before those that came later.
    while true do
      local ids = call('LPOP', here.paused, MOST_ARGUMENTS)
      if not ids then break end
      call('RPUSH', here.wait, unpack(ids))
    end
  end
end
event_limit(here)
call('XADD', here.events, '*', 'event', 'resumed')
mark_ready(here)
mark_due(here)
return changed
