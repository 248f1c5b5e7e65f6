-- Removes jobs, wherever they are, with all that belongs to them.
--
-- ARGV
--   3 mode    "remove": an event `removed` each; the ids leave the ledger
--             "clean":  one event `cleaned` with the count; the ledger keeps the ids
--             "drain":  no event; the ids leave the ledger
--   4 state   only from there ("waiting", "prioritized", "delayed", "active", "completed", "failed"), or "" anywhere
--   5…        ids
-- Returns one number an id: 1 removed, 0 no such job, -1 not in that state, -2 locked by a worker, -8 the pending run
-- of a scheduler, which lives and dies with it.
local mode, wanted = ARGV[3], ARGV[4]
local now = server_time()
local SETS = {
  { 'completed', here.completed }, { 'failed', here.failed }, { 'delayed', here.delayed },
  { 'prioritized', here.prioritized }, { 'waiting-children', here.children },
}
local LISTS = { { 'waiting', here.wait }, { 'waiting', here.paused }, { 'active', here.active } }

-- Takes the id out of where it is and says where that was. BullMQ calls the list `wait` in its events.
local function leave(id)
  for _, set in ipairs(SETS) do
    if (wanted == '' or wanted == set[1]) and call('ZREM', set[2], id) == 1 then return set[1] end
  end
  for _, list in ipairs(LISTS) do
    -- From the right: drain and clean begin with the next to run, and must not search the whole line for each.
    if (wanted == '' or wanted == list[1]) and call('LREM', list[2], -1, id) > 0 then
      return list[1] == 'waiting' and 'wait' or list[1]
    end
  end
end

local function is_pending_run(id, scheduler)
  local slot = scheduler and call('ZSCORE', here.schedulers, scheduler)
  return slot and id == 'repeat:' .. scheduler .. ':' .. int(tonumber(slot))
end

local statuses, gone, is_gone = {}, {}, {}
for at = 5, #ARGV do
  local id = ARGV[at]
  local key = base .. id
  local status
  local known = redis.pcall('HMGET', key, 'rjk', 'deid', 'parentKey')
  if known.err then known = {} end
  if call('EXISTS', key .. ':lock') == 1 then
    status = -2
  elseif is_pending_run(id, known[1]) then
    status = -8
  else
    local previous = leave(id)
    -- The hashes go at the end: an id that was named twice is removed once.
    local exists = not is_gone[id] and call('EXISTS', key) == 1
    if not previous and exists and wanted ~= '' then
      status = -1
    elseif not previous and not exists then
      status = 0
    else
      status = 1
      gone[#gone + 1], is_gone[id] = id, true
      if known[2] then free_deduplication(here, id, known[2]) end
      if mode ~= 'clean' then ledger_forget(id, now) end
      if mode == 'remove' then call('XADD', here.events, '*', 'event', 'removed', 'jobId', id, 'prev', previous or 'unknown') end
    end
  end
  statuses[#statuses + 1] = status
end
delete_jobs(here, gone)
if mode == 'clean' and #gone > 0 then call('XADD', here.events, '*', 'event', 'cleaned', 'count', #gone) end
trim_events(here)
return statuses
