-- Pauses the queue the way BullMQ 6 does: nothing moves, nobody takes.
--
-- ARGV  none of its own
-- Returns 1 when it was running, 0 when it was paused already.
local changed = 1 - call('HEXISTS', here.meta, 'paused')
call('HSET', here.meta, 'paused', 1)
call('DEL', here.marker)
event_limit(here)
call('XADD', here.events, '*', 'event', 'paused')
return changed
