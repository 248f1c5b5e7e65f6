-- Resumes the queue at a person's word, whatever it was paused for.
--
-- ARGV  none of its own
-- Returns { 1 when it was paused or 0, class, reason, since ms, end, by, probes, next probe ms, ms when a person paused it
-- too }; nil each when nothing is known.
insist_going_on()
local known = read_standstill()
known[9] = nil
local was_paused = go_on()
call('DEL', relapses_key)
if was_paused == 0 then known = {} end
return { was_paused, unpack(known, 1, 8) }
