-- Reserves a new start for a job whose first one was missed: used late, it would put one too many into a window.
--
-- ARGV
--   3 gap us  between two starts, as the take of the job said
-- Returns the us until the new start.
local _, now_us = server_time()
insist_number(here.pace)
return math.ceil(reserve_slot(now_us, tonumber(ARGV[3])))
