-- Puts finished jobs back to the end of their line.
--
-- ARGV
--   3 state      "failed" or "completed"
--   4 attempts   "reset": the job may be tried as often as a new one; "keep": BullMQ's own rule, one more try
--   5 most       0: those named; else the oldest, so many of those that finished until then
--   6 until      ms
--   7 skip       how many of the oldest to pass over: they can't be put back
--   8…           ids
-- Returns one number an id: 1 back in line, 0 no such job, -1 not in that state; of the oldest { how many were looked at, ids of
-- those that are back in line }.
local state, resets = ARGV[3], ARGV[4] == 'reset'
local set_key = state == 'failed' and here.failed or here.completed
local result_field = state == 'failed' and 'failedReason' or 'returnvalue'
local statuses, changed, most = {}, {}, tonumber(ARGV[5])
local ids = most > 0 and call('ZRANGEBYSCORE', set_key, '-inf', ARGV[6], 'LIMIT', ARGV[7], most) or { unpack(ARGV, 8) }
insist_places(here, ANYWHERE)
for _, id in ipairs(ids) do
  local key = base .. id
  local status = 0
  if call('EXISTS', key) == 1 then
    status = -1
    if call('ZREM', set_key, id) == 1 then
      status, changed[#changed + 1] = 1, id
      call('HDEL', key, 'finishedOn', 'processedOn', result_field)
      if resets then
        -- attemptsMade is BullMQ 4's own field, which readers prefer to atm; stc counts stalls, of which one is allowed.
        call('HDEL', key, 'atm', 'attemptsMade', 'stc')
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
return most > 0 and { #ids, changed } or statuses
