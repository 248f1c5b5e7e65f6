-- Removes jobs, wherever they are, with all that belongs to them. A parent that waited for one of them alone runs.
--
-- ARGV
--   3 mode    "remove": an event `removed` each; the ids leave the ledger; children go with their parents
--             "clean":  one event `cleaned` with the count; the ledger keeps the ids
--             "drain":  no event; the ids leave the ledger
--   4 state   only from there ("waiting", "prioritized", "delayed", "active", "completed", "failed"), or "" anywhere
--   5…        ids
-- Returns one number an id: 1 removed, 0 no such job, -1 not in that state, -2 it or a child that its parent waits for is
-- locked by a worker, -5 held and to be cleaned: it may have been sent, -8 the pending run of a scheduler, which lives and dies with it.
local mode, wanted = ARGV[3], ARGV[4]
local now = server_time()
local SETS = {
  completed = 'completed', failed = 'failed', delayed = 'delayed', prioritized = 'prioritized', ['waiting-children'] = 'children',
}
local LISTS = { { 'waiting', 'wait' }, { 'waiting', 'paused' }, { 'active', 'active' } }

insist('XLEN', here.events, 'stream')
insist('ZCARD', here.schedulers, 'sorted set')
if mode == 'clean' then insist('HLEN', held_key, 'hash') end
for state, set in pairs(SETS) do
  if wanted == '' or wanted == state then insist('ZCARD', here[set], 'sorted set') end
end
for _, list in ipairs(LISTS) do
  if wanted == '' or wanted == list[1] then insist('LLEN', here[list[2]], 'list') end
end

-- Takes the id out of where it is and says where that was. BullMQ calls the list `wait` in its events.
local function leave(queue, id, only)
  for state, set in pairs(SETS) do
    if (only == '' or only == state) and call('ZREM', queue[set], id) == 1 then return state end
  end
  for _, list in ipairs(LISTS) do
    -- From the right: drain and clean begin with the next to run, and must not search the whole line for each.
    if (only == '' or only == list[1]) and call('LREM', queue[list[2]], -1, id) > 0 then
      return list[1] == 'waiting' and 'wait' or list[1]
    end
  end
end

local function is_pending_run(id, scheduler)
  local slot = scheduler and call('ZSCORE', here.schedulers, scheduler)
  return slot and id == 'repeat:' .. scheduler .. ':' .. int(tonumber(slot))
end

-- Nothing where the key is of another type.
local function members(...)
  local found = ask(...)
  return found.err and {} or found
end

-- Whether a worker has the job, or one that it waits for.
local function is_locked(key, seen)
  if call('EXISTS', key .. ':lock') == 1 then return true end
  if seen[key] then return false end
  seen[key] = true
  for _, child in ipairs(members('SMEMBERS', key .. ':dependencies')) do
    if is_locked(child, seen) then return true end
  end
  return false
end

local touched = { [base] = here }
local remove_children

-- Removes a child whose parent is going, with its own children.
local function remove_child(key)
  local child_base, id = split_key(key)
  if not id then return end
  local queue = touched[child_base] or queue_at(child_base)
  touched[child_base] = queue
  local previous = leave(queue, id, '')
  remove_children(key)
  local deduplication_id = ask('HGET', key, 'deid')
  if type(deduplication_id) == 'string' then free_deduplication(queue, id, deduplication_id) end
  if child_base == base then ledger_forget(id, now) end
  delete_jobs(queue, { id })
  if previous then call('XADD', queue.events, '*', 'event', 'removed', 'jobId', id, 'prev', previous) end
end

local gone_with_parent = {}
function remove_children(key)
  for _, children in ipairs({
    members('HKEYS', key .. ':processed'), members('HKEYS', key .. ':failed'), members('ZRANGE', key .. ':unsuccessful', 0, -1),
    members('SMEMBERS', key .. ':dependencies'),
  }) do
    for _, child in ipairs(children) do
      if not gone_with_parent[child] then
        gone_with_parent[child] = true
        remove_child(child)
      end
    end
  end
end

local statuses, gone, is_gone = {}, {}, {}
for at = 5, #ARGV do
  local id = ARGV[at]
  local key = base .. id
  local status
  local known = ask('HMGET', key, 'rjk', 'deid', 'parentKey')
  if known.err then known = {} end
  if gone_with_parent[key] then
    status = 1
  elseif call('EXISTS', key .. ':lock') == 1 or (mode == 'remove' and is_locked(key, {})) then
    status = -2
  elseif mode == 'clean' and call('HEXISTS', held_key, id) == 1 then
    status = -5
  elseif is_pending_run(id, known[1]) then
    status = -8
  else
    local previous = leave(here, id, wanted)
    -- The hashes go at the end: an id that was named twice is removed once.
    local exists = not is_gone[id] and is_job(id)
    if not previous and exists and wanted ~= '' then
      status = -1
    elseif not previous and not exists then
      status = 0
    else
      status = 1
      gone[#gone + 1], is_gone[id] = id, true
      if mode == 'remove' then remove_children(key) end
      if known[3] and attempt(forget_child, known[3], key, mode ~= 'remove') then
        note_problem('parents_not_told', 1)
      end
      if known[2] then free_deduplication(here, id, known[2]) end
      if mode ~= 'clean' then ledger_forget(id, now) end
      if mode == 'remove' then call('XADD', here.events, '*', 'event', 'removed', 'jobId', id, 'prev', previous or 'unknown') end
    end
  end
  statuses[#statuses + 1] = status
end
delete_jobs(here, gone)
if mode == 'clean' and #gone > 0 then call('XADD', here.events, '*', 'event', 'cleaned', 'count', #gone) end
for _, queue in pairs(touched) do trim_events(queue) end
return statuses
