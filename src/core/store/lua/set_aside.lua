-- Lets the jobs of one campaign or template step aside from now on, whenever they are taken; of several who meet the same the
-- first one counts.
--
-- ARGV
--   3 key     "campaign:<name>" or "template:<name>/<language>"
--   4 reason  one line
--   5 by      name of the worker, "hand" for a person
-- Returns 1, or 0 when they did already.
local now = server_time()
insist('HLEN', aside_key, 'hash')
insist('HLEN', here.rate, 'hash')
local said = cjson.encode({ reason = ARGV[4], since = now, by = ARGV[5] })
local changed = call('HSETNX', aside_key, ARGV[3], said)
call('HSET', here.rate, 'asides', call('HLEN', aside_key))
return changed
