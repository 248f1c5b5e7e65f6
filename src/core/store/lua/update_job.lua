-- Changes one job that is there: all that is asked for, or nothing.
--
-- ARGV
--   3 id
--   4 data      JSON, or "" to leave it
--   5 priority  0…2097151, or "" to leave it; only its options still say what it was added with, as in BullMQ
--   6 lifo      "1": with a priority, to the front of its new line, else to the back
--   7 start     "" to leave it, "after" or "at": when it is due; only of a delayed job
--   8 ms        from now, or since the epoch
--   9 dry_run   "1": change nothing
-- Returns 1 done, 0 no such job, -1 not delayed.
local id, data, priority, start, ms = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[7], tonumber(ARGV[8])
local key, is_first = base .. id, ARGV[6] == '1'
local now = server_time()

-- ask: the key may be of another type, which is no job.
local known = ask('HMGET', key, 'name', 'data', 'opts', 'timestamp')
if known.err or is_reserved(id) or not (known[1] or known[2] or known[3] or known[4]) then return 0 end
insist_places(here, ANYWHERE)
for _, list in ipairs({ here.wait, here.paused }) do insist('LLEN', list, 'list') end
if start ~= '' and not call('ZSCORE', here.delayed, id) then return -1 end
if ARGV[9] == '1' then return 1 end

-- Out of the line that it waits in, if it does. From the right: who is next is found first.
local function leave_line()
  return call('ZREM', here.prioritized, id) == 1 or call('LREM', here.wait, -1, id) > 0 or call('LREM', here.paused, -1, id) > 0
end

if data ~= '' then call('HSET', key, 'data', data) end
if priority then
  call('HSET', key, 'priority', priority)
  if leave_line() then
    if is_first and priority > 0 then
      -- BullMQ's place for it: before the first number of that priority.
      call('ZADD', here.prioritized, int(priority * PRIORITY_STEP), id)
    else
      line_up(here, id, priority, is_first and 'RPUSH' or 'LPUSH')
    end
    mark_ready(here)
  end
end
if start ~= '' then
  local due = start == 'after' and now + ms or ms
  call('HSET', key, 'delay', int(math.max(due - now, 0)))
  delay_until(here, id, math.max(due, now))
  mark_due(here)
  trim_events(here)
end
return 1
