-- Lets delayed jobs run now.
--
-- ARGV
--   3 most  0: those named; else so many of those that are due first
--   4 skip  how many of them to pass over: they can't be promoted
--   5…      ids
-- Returns one number an id: 1 promoted, 0 no such job, -1 not delayed; of those due first { how many were looked at, ids of
-- those that were promoted }.
local most, skip = tonumber(ARGV[3]), tonumber(ARGV[4])
insist('ZCARD', here.delayed, 'sorted set')
local ids = most > 0 and call('ZRANGE', here.delayed, skip, skip + most - 1) or { unpack(ARGV, 5) }
local statuses, changed = run_again(ids, here.delayed, 'delayed', nil, function(_, key)
  call('HSET', key, 'delay', 0)
end)
return most > 0 and { #ids, changed } or statuses
