-- Brings the jobs of a campaign or template back that stepped aside, in their order to the end of their lines, a bounded number
-- at a time; called again until none is left.
--
-- ARGV
--   3 key   as in set_aside
--   4 most  jobs in this call
-- Returns { JSON of what was wrong or nil, how many came back, how many are left }.
local key, most = ARGV[3], tonumber(ARGV[4])
insist_places(here, ANYWHERE)
insist('HLEN', aside_key, 'hash')
insist('ZCARD', aside_key .. ':' .. key, 'sorted set')
insist('HLEN', here.rate, 'hash')
local said = call('HGET', aside_key, key)
if said then
  call('HDEL', aside_key, key)
  call('HSET', here.rate, 'asides', call('HLEN', aside_key))
end
local index, returned = aside_key .. ':' .. key, 0
for _, id in ipairs(call('ZRANGE', index, 0, most - 1)) do
  call('ZREM', index, id)
  local job = base .. id
  -- Somebody may have promoted it, and it waits for something else now. ask: the key may be of another type.
  if ask('HGET', job, 'wqa') == key then
    call('HDEL', job, 'wqa')
    if call('ZREM', here.delayed, id) == 1 then
      returned = returned + 1
      call('HSET', job, 'delay', 0)
      line_up(here, id, tonumber(call('HGET', job, 'priority') or 0) or 0, 'LPUSH')
      announce_waiting(here, id, 'delayed')
    end
  end
end
if returned > 0 then mark_ready(here) end
trim_events(here)
return { said, returned, call('ZCARD', index) }
