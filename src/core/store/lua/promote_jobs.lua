-- Lets delayed jobs run now.
--
-- ARGV
--   3 most  0: those named; else so many of those that are due first
--   4 skip  how many of them to pass over: they can't be promoted
--   5…      ids
-- Returns one number an id: 1 promoted, 0 no such job, -1 not delayed; of those due first { how many were looked at, ids of
-- those that were promoted }.
local statuses, changed, most, skip = {}, {}, tonumber(ARGV[3]), tonumber(ARGV[4])
local ids = most > 0 and call('ZRANGE', here.delayed, skip, skip + most - 1) or { unpack(ARGV, 5) }
insist_places(here, ANYWHERE)
for _, id in ipairs(ids) do
  local key = base .. id
  local status = 0
  if call('EXISTS', key) == 1 then
    status = -1
    if call('ZREM', here.delayed, id) == 1 then
      status, changed[#changed + 1] = 1, id
      line_up(here, id, tonumber(call('HGET', key, 'priority') or 0) or 0, 'LPUSH')
      call('HSET', key, 'delay', 0)
      announce_waiting(here, id, 'delayed')
    end
  end
  statuses[#statuses + 1] = status
end
if #changed > 0 then mark_ready(here) end
trim_events(here)
return most > 0 and { #ids, changed } or statuses
