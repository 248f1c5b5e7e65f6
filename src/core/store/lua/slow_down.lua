-- Halves the tempo of the queue, for all workers: its provider gets too many messages.
--
-- ARGV
--   3 seen    starts of this worker in the last
--   4 window  ms
--   5 calm    ms after a halving in which a further word changes nothing: it answers what was sent before
-- Returns the thousandths of the rate that are in force from now on.
local SLOWEST = 0.05
local seen, window, calm = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = server_time()
insist('HLEN', here.rate, 'hash')
insist('ZCARD', here.completed, 'sorted set')
local known = call('HMGET', here.rate, 'tempo', 'tempo_since')
local share = tempo_share(known[1], known[2])
local since = tonumber(known[2] or '')
if since and since <= now and now - since < calm then return math.ceil(share * 1000) end
if share >= 1 then
  -- What all workers together finished lately, where finished jobs are kept; at least what this one started.
  local finished = call('ZCOUNT', here.completed, int(now - window), '+inf')
  call('HSET', here.rate, 'tempo_max', math.max(seen, finished, 1), 'tempo_window', window)
end
share = math.max(share / 2, SLOWEST)
call('HSET', here.rate, 'tempo', int(share * 1000), 'tempo_since', int(now))
return math.ceil(share * 1000)
