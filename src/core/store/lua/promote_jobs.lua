-- Lets delayed jobs run now.
--
-- ARGV
--   3…  ids
-- Returns one number an id: 1 promoted, 0 no such job, -1 not delayed.
local statuses, any = {}, false
for at = 3, #ARGV do
  local id = ARGV[at]
  local key = base .. id
  local status = 0
  if call('EXISTS', key) == 1 then
    status = -1
    if call('ZREM', here.delayed, id) == 1 then
      status, any = 1, true
      line_up(here, id, tonumber(call('HGET', key, 'priority') or 0) or 0, 'LPUSH')
      call('HSET', key, 'delay', 0)
      announce_waiting(here, id, 'delayed')
    end
  end
  statuses[#statuses + 1] = status
end
if any then mark_ready(here) end
trim_events(here)
return statuses
