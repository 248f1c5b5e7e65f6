-- Completing what was simply sent, many jobs in few commands. It is the usual case and nearly all that a worker costs the
-- server: a job that has a parent, children, a deduplication or BullMQ 4's counter takes the way of lib/verdicts.lua.

-- Takes ids out of active; returns a table of those that were not there.
local function leave_active(ids)
  local missing, count = {}, #ids
  -- Who takes in order and finishes in order has all of them at the right end: one command instead of one each.
  if count > 2 then
    local ends, is_end = call('RPOP', here.active, count) or {}, {}
    for _, id in ipairs(ends) do is_end[id] = true end
    local all = #ends == count
    for _, id in ipairs(ids) do
      all = all and is_end[id]
      is_end[id] = nil
    end
    if all then return missing end
    for at = #ends, 1, -1 do call('RPUSH', here.active, ends[at]) end
  end
  for _, id in ipairs(ids) do
    if call('LREM', here.active, -1, id) == 0 then missing[id] = true end
  end
  return missing
end

-- Whether all jobs exist, have no unfinished or failed children, and are this worker's; then their locks are gone.
local function unlock_all(sent)
  local count, children = #sent.ids, { here.stalled }
  if call('EXISTS', unpack(sent.keys)) ~= count then return false end
  for index, key in ipairs(sent.keys) do
    children[index * 2], children[index * 2 + 1] = key .. ':dependencies', key .. ':unsuccessful'
  end
  -- Usually no job is suspected of having stalled either: asked for in the same command.
  local found = call('EXISTS', unpack(children))
  local any_stalled = found > 0 and call('EXISTS', here.stalled) == 1
  if found > (any_stalled and 1 or 0) then return false end
  for index, token in ipairs(call('MGET', unpack(sent.locks))) do
    if token ~= sent.classes[index].token then return false end
  end
  for _, key in ipairs(sent.keys) do
    -- pcall: it may be a key of another type. A parent may have adopted the job since it was taken.
    if redis.pcall('HGET', key, 'parentKey') then return false end
  end
  call('DEL', unpack(sent.locks))
  if any_stalled then call('SREM', here.stalled, unpack(sent.ids)) end
  return true
end

-- Completes all of sent, { ids, keys, locks, texts, classes }; sets statuses[i] to 1 done, -3 not active. Returns false,
-- and does nothing, when one of them needs more than that.
local function complete_sent(sent, statuses)
  if #sent.ids == 0 or not unlock_all(sent) then return false end
  local missing, events = leave_active(sent.ids), here.events
  local set, limit = finished.completed, event_limit(here)
  for index, id in ipairs(sent.ids) do
    if missing[id] then
      statuses[index] = -3
    else
      local text, class = sent.texts[index], sent.classes[index]
      if class.rule and class.rule.count == 0 then
        removed[#removed + 1] = id
      else
        call('HSET', sent.keys[index], 'returnvalue', text, 'finishedOn', timestamp, 'atm', class.attempts_made)
        set[#set + 1] = timestamp
        set[#set + 1] = id
        if class.rule then used_rules.completed[class.rule] = true end
      end
      if limit then
        call('XADD', events, 'MAXLEN', '~', limit, '*', 'event', 'completed', 'jobId', id, 'returnvalue', text, 'prev', 'active')
        limit = nil
      else
        call('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', text, 'prev', 'active')
      end
      ended.completed = ended.completed + 1
      statuses[index] = 1
    end
  end
  return true
end
