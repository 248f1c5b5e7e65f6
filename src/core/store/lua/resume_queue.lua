-- Resumes the queue; jobs that BullMQ 4 or 5 parked in `paused` run first.
--
-- ARGV  none of its own
-- Returns 1 when it was paused, 0 when it was running.
local changed = call('HDEL', meta_key, 'paused')
if call('EXISTS', paused_key) == 1 then
  if call('EXISTS', wait_key) == 0 then
    call('RENAME', paused_key, wait_key)
  else
    -- The right end runs first: the parked ones in their own order before those that came later.
    while true do
      local ids = call('LPOP', paused_key, MOST_ARGUMENTS)
      if not ids then break end
      call('RPUSH', wait_key, unpack(ids))
    end
  end
end
event_limit()
call('XADD', events_key, '*', 'event', 'resumed')
mark_ready()
mark_due()
return changed
