-- Pauses the queue the way BullMQ 6 does: nothing moves, nobody takes.
--
-- ARGV  none of its own
-- Returns 1 when it was running, 0 when it was paused already.
local changed = 1 - call('HEXISTS', meta_key, 'paused')
call('HSET', meta_key, 'paused', 1)
call('DEL', marker_key)
event_limit()
call('XADD', events_key, '*', 'event', 'paused')
return changed
