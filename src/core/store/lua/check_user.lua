-- What the user of this connection lacks, of all that wq does to a queue. Nothing is read or written, and nothing is logged.
--
-- ARGV  none but the queue's
-- Returns the rules that ACL SETUSER would have to give it: +command, ~pattern, &pattern

-- One call of each command that workers, adds and people's commands make: k is one of BullMQ's keys, c a worker's channel.
local CALLS = {
  'bzpopmin k 0', 'client|list', 'client|setinfo lib-name wq', 'client|setname wq', 'del k', 'eval x 0', 'evalsha x 0', 'exists k',
  'expire k 1', 'get k', 'hdel k f', 'hexists k f', 'hget k f', 'hgetall k', 'hincrby k f 1', 'hkeys k', 'hlen k', 'hmget k f',
  'hrandfield k 1', 'hscan k 0', 'hset k f v', 'hsetnx k f v', 'hvals k', 'incr k', 'incrby k 1', 'info', 'lindex k 0', 'llen k',
  'lpop k', 'lpos k v', 'lpush k v', 'lrange k 0 1', 'lrem k 1 v', 'ltrim k 0 1', 'mget k', 'pexpire k 1', 'pexpireat k 1', 'persist k',
  'pttl k', 'pubsub|shardnumsub c', 'rename k k', 'rpop k', 'rpush k v', 'sadd k v', 'scan 0', 'scard k', 'set k v', 'setrange k 0 v',
  'sismember k v', 'smembers k', 'srandmember k', 'srem k v', 'ssubscribe c', 'time', 'unlink k', 'xadd k * f v', 'xlen k',
  'xread STREAMS k 0', 'xrevrange k + -', 'xtrim k MAXLEN 1', 'zadd k 1 v', 'zcard k', 'zcount k 0 1', 'zintercard 1 k', 'zmscore k v',
  'zrange k 0 1', 'zrangebyscore k 0 1', 'zrem k v', 'zremrangebyrank k 0 0', 'zrevrange k 0 1', 'zrevrangebyscore k 1 0',
  'zscore k v',
}
local missing, has_base, has_own = {}, false, false

-- Whether the user may; the sample with its names filled in.
local function may(sample, key)
  local words = {}
  for word in string.gmatch(sample, '[^ ]+') do
    if #words == 0 then
      for part in string.gmatch(word, '[^|]+') do words[#words + 1] = part end
    else
      words[#words + 1] = word == 'k' and key or word == 'c' and own .. 'alive:check' or word
    end
  end
  -- A command that the server doesn't have (CLIENT SETINFO before 7.2) is not asked of it either.
  local is_known, is_allowed = pcall(redis.acl_check_cmd, unpack(words))
  return is_allowed or not is_known
end

for _, sample in ipairs(CALLS) do
  if string.find(sample, ' k', 1, true) then
    has_base, has_own = has_base or may(sample, base .. 'check'), has_own or may(sample, own .. 'check')
  end
end
-- Without the pattern no command passes.
if not has_base then missing[#missing + 1] = '~' .. string.match(base, '^(.*):[^:]*:$') .. ':*' end
if not has_own then missing[#missing + 1] = '~' .. string.match(own, '^(.*):[^:]*:$') .. ':*' end
for _, sample in ipairs(CALLS) do
  local key = has_base and base or own
  if (has_base or has_own or not string.find(sample, ' k', 1, true)) and not may(sample, key .. 'check') then
    missing[#missing + 1] = '+' .. string.match(sample, '^[^ ]+')
    if sample == 'ssubscribe c' then missing[#missing + 1] = '&' .. string.match(own, '^(.*):[^:]*:$') .. ':*' end
  end
end
return missing
