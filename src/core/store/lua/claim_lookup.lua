-- Whose turn it is to ask the provider about a held message: one worker asks at a time, and the pauses between grow.
--
-- wq:<prefix>:<queue>:lookups  HASH  id -> <asked>:<ms>:<claimant>: how often it was asked in vain, until when nobody else may ask,
--   and who asks just now ("" nobody). Written and read here alone; expires 10 minutes after the last question, so that who
--   dies while asking holds nobody up.
--
-- ARGV
--   3 step      "claim": ask for the turn; "vain": the provider had no proof
--   4 claimant  who asks: another name for every turn
--   5 id        of the held message
--   6 ms        claim: how long the turn lasts before somebody else may ask; vain: the first pause between two questions
--   7 longest   vain: the longest pause, ms
-- Returns -1 it is held no longer, 0 the turn is the caller's, else the ms until somebody may ask.
local step, claimant, id, ms = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local lookups_key = own .. 'lookups'
local LIFE_MS, LONGEST_TURN_MS = 10 * 60 * 1000, 5 * 60 * 1000
local now = server_time()
insist('HLEN', held_key, 'hash')
insist('HLEN', lookups_key, 'hash')
if call('HEXISTS', held_key, id) == 0 then
  call('HDEL', lookups_key, id)
  return -1
end

local asked, until_ms, whose = string.match(call('HGET', lookups_key, id) or '', '^(%d+):(%d+):(.*)$')
asked, until_ms = tonumber(asked or nil) or 0, tonumber(until_ms or nil) or 0
local function write(wait, who)
  call('HSET', lookups_key, id, int(asked) .. ':' .. int(now + wait) .. ':' .. who)
  call('PEXPIRE', lookups_key, LIFE_MS)
end

if step == 'claim' then
  local wait = until_ms - now
  -- A clock that was set back must not keep a message unproved.
  if wait > 0 and wait <= LONGEST_TURN_MS then return wait end
  write(ms, claimant)
  return 0
end
-- Whoever took over meanwhile counts.
if whose ~= claimant then return math.max(until_ms - now, 1) end
local wait = math.min(ms * 2 ^ math.min(asked, 30), tonumber(ARGV[7]))
asked = asked + 1
write(wait, '')
return wait
