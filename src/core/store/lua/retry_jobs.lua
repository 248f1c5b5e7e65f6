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
local state, resets = ARGV[3], ARGV[4] == 'reset'
local set_key = state == 'failed' and here.failed or here.completed
local result_field = state == 'failed' and 'failedReason' or 'returnvalue'
local statuses, changed, most = {}, {}, tonumber(ARGV[5])
local ids = most > 0 and call('ZRANGEBYSCORE', set_key, '-inf', ARGV[6], 'LIMIT', ARGV[7], most) or { unpack(ARGV, 9) }
local takes_held, held_count = ARGV[8] == '1', 0
local any_held = state == 'failed' and call('EXISTS', held_key) == 1
insist_places(here, ANYWHERE)
for _, id in ipairs(ids) do
  local key = base .. id
  local status = 0
  if call('EXISTS', key) == 1 then
    status = -1
    local is_held = any_held and call('HEXISTS', held_key, id) == 1
    if is_held and not takes_held then
      status, held_count = -5, held_count + 1
    elseif call('ZREM', set_key, id) == 1 then
      if is_held then
        call('HDEL', held_key, id)
        call('HDEL', key, 'wqs')
        clear_intent(key)
      end
      status, changed[#changed + 1] = 1, id
      call('HDEL', key, 'finishedOn', 'processedOn', result_field)
      if resets then
        -- attemptsMade is BullMQ 4's own field, which readers prefer to atm; stc counts stalls, of which one is allowed.
        call('HDEL', key, 'atm', 'attemptsMade', 'stc', 'wqw')
      end
      line_up(here, id, tonumber(call('HGET', key, 'priority') or 0) or 0, 'LPUSH')
      local parent_key = call('HGET', key, 'parentKey')
      local problem = parent_key and attempt(return_child, parent_key, key, state)
      if problem then note_lost_parent(key, problem) end
      announce_waiting(here, id, state)
    end
  end
  statuses[#statuses + 1] = status
end
if #changed > 0 then mark_ready(here) end
trim_events(here)
return most > 0 and { #ids, changed, held_count } or statuses
