-- Puts finished jobs back to the end of their line.
--
-- ARGV
--   3 state      "failed" or "completed"
--   4 attempts   "reset": the job may be tried as often as a new one; "keep": BullMQ's own rule, one more try
--   5 most       0: those named; else the oldest, so many of those that finished until then
--   6 until      ms
--   7 skip       how many of the oldest to pass over: they can't be put back
--   8 uncertain  "1": held messages too, whether they were sent or not
--   9…           ids
-- Returns one number an id: 1 back in line, 0 no such job, -1 not in that state, -5 held: it may have been sent; of the oldest
-- { how many were looked at, ids of those that are back in line, how many of the others are held }.
local state, resets, most, takes_held = ARGV[3], ARGV[4] == 'reset', tonumber(ARGV[5]), ARGV[8] == '1'
local set_key = state == 'failed' and here.failed or here.completed
local result_field = state == 'failed' and 'failedReason' or 'returnvalue'
insist('ZCARD', set_key, 'sorted set')
insist('HLEN', held_key, 'hash')
local ids = most > 0 and call('ZRANGEBYSCORE', set_key, '-inf', ARGV[6], 'LIMIT', ARGV[7], most) or { unpack(ARGV, 9) }
local any_held, held_count = state == 'failed' and call('EXISTS', held_key) == 1, 0

local function refuse(id)
  if takes_held or not any_held or call('HEXISTS', held_key, id) == 0 then return end
  held_count = held_count + 1
  return -5
end

local function begin_anew(id, key)
  if any_held and call('HDEL', held_key, id) == 1 then
    call('HDEL', key, 'wqs')
    clear_intent(key)
  end
  call('HDEL', key, 'finishedOn', 'processedOn', result_field)
  -- attemptsMade is BullMQ 4's own field, which readers prefer to atm; stc counts stalls, of which one is allowed.
  if resets then call('HDEL', key, 'atm', 'attemptsMade', 'stc', 'wqw') end
  local parent_key = call('HGET', key, 'parentKey')
  local problem = parent_key and attempt(return_child, parent_key, key, state)
  if problem then note_lost_parent(key, problem) end
end

local statuses, changed = run_again(ids, set_key, state, refuse, begin_anew)
return most > 0 and { #ids, changed, held_count } or statuses
