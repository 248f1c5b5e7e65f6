-- Flows: what a child does to its parent when it ends, goes away or comes back. The parent may be in another queue.
--
-- What a parent has besides its hash, by the full keys of its children; BullMQ's:
--   <parent>:dependencies  SET   children that it waits for
--   <parent>:processed     HASH  child -> return value (JSON)
--   <parent>:failed        HASH  child -> reason; those that it may do without
--   <parent>:unsuccessful  ZSET  child -> ms; those that it fails with

-- What all queues of this prefix begin with: a queue's name has no colon.
local PREFIX = string.match(base, '^(.*:)[^:]*:$') or ''

-- The queue's base and the id in the key of a job. Ids may have colons; of another prefix's jobs that can't be told.
local function split_key(key)
  if string.sub(key, 1, #PREFIX) == PREFIX then
    local queue, id = string.match(key, '^([^:]*:)(.+)$', #PREFIX + 1)
    if queue then return PREFIX .. queue, id end
  end
  return string.match(key, '^(.*:)([^:]+)$')
end

-- Calls an operation on another job; returns what went wrong. Damage there must not keep this job's own change from
-- being stored.
local function attempt(operation, ...)
  local is_done, problem = pcall(operation, ...)
  if not is_done then return type(problem) == 'table' and problem.err or tostring(problem) end
end

-- A parent that nothing holds back any more: after its delay, else in its line, and next to run there.
local function start_parent(parent, now)
  local how = call('HMGET', parent.key, 'priority', 'delay')
  local delay = tonumber(how[2] or 0) or 0
  if delay > 0 then
    delay_until(parent.queue, parent.id, now + delay)
    mark_due(parent.queue)
  else
    line_up(parent.queue, parent.id, tonumber(how[1] or 0) or 0, 'RPUSH')
    mark_ready(parent.queue)
    announce_waiting(parent.queue, parent.id, 'waiting-children')
  end
end

local function release_parent(parent, now)
  if call('EXISTS', parent.key) == 1 and call('ZREM', parent.queue.children, parent.id) == 1 then start_parent(parent, now) end
end

-- The worker that takes the parent next fails it without sending it, and then its own parent is told.
local function fail_parent(parent, child_key, now)
  if call('EXISTS', parent.key) == 0 then return end
  local is_held = call('ZREM', parent.queue.children, parent.id) == 1
  if not is_held and call('ZREM', parent.queue.delayed, parent.id) == 1 then
    is_held = true
    call('HSET', parent.key, 'delay', 0)
  end
  if is_held or not call('ZSCORE', parent.queue.failed, parent.id) then
    call('HSET', parent.key, 'defa', 'child ' .. child_key .. ' failed')
  end
  if is_held then start_parent(parent, now) end
end

-- The parent of a job with the field parentKey. A damaged field `parent` leaves no word about failures.
local function parent_of(job)
  local is_json, said = pcall(cjson.decode, call('HGET', job.key, 'parent') or '')
  local is_sound = is_json and type(said) == 'table' and type(said.id) == 'string' and type(said.queueKey) == 'string'
  local queue, id
  if is_sound then queue, id = said.queueKey .. ':', said.id else queue, id = split_key(job.parent_key) end
  if not id then error('its field parentKey is no key of a job: ' .. job.parent_key, 0) end
  return { key = job.parent_key, id = id, queue = queue_at(queue), said = is_sound and said }
end

-- What the child's own word says about its failure; nil when its parent is to wait for somebody's help.
local function policy_of(parent)
  if not parent.said then error('its field parent is damaged, so that nobody knows what its failure does to ' .. parent.key, 0) end
  for _, policy in ipairs({ 'fpof', 'cpof', 'idof', 'rdof' }) do
    if parent.said[policy] then return policy end
  end
end

-- A child that completed, or failed for good.
local function end_child(job, state, now)
  local parent = parent_of(job)
  local policy = state == 'completed' and 'done' or policy_of(parent)
  local dependencies = parent.key .. ':dependencies'
  if not policy or call('SISMEMBER', dependencies, job.key) == 0 then return end
  -- What may fail because of a key of another type comes first: until the SREM the parent still waits for this child.
  if policy == 'done' then
    call('HSET', parent.key .. ':processed', job.key, job.text)
  elseif policy == 'fpof' then
    call('ZADD', parent.key .. ':unsuccessful', int(now), job.key)
  elseif policy ~= 'rdof' then
    call('HSET', parent.key .. ':failed', job.key, job.text)
  end
  call('SREM', dependencies, job.key)
  if policy == 'fpof' then
    fail_parent(parent, job.key, now)
  elseif policy == 'cpof' or call('SCARD', dependencies) == 0 then
    release_parent(parent, now)
  end
end

-- A job that goes away is no longer waited for. A parent that waited for it alone runs next, whatever its delay and
-- priority: BullMQ's way. `is_silent`: without the event.
local function forget_child(parent_key, child_key, is_silent)
  if call('EXISTS', parent_key) == 0 then return end
  local dependencies = parent_key .. ':dependencies'
  if call('SREM', dependencies, child_key) == 0 or call('SCARD', dependencies) > 0 then return end
  local parent_base, id = split_key(parent_key)
  if not id then return end
  local queue = queue_at(parent_base)
  if call('ZREM', queue.children, id) == 0 then return end
  call('RPUSH', wait_list(queue), id)
  mark_ready(queue)
  if not is_silent then announce_waiting(queue, id, 'waiting-children') end
end

-- A finished child that runs again: its parent waits for it again, if it had counted it.
local function return_child(parent_key, child_key, state)
  if call('EXISTS', parent_key) == 0 then return end
  local had_counted
  if state == 'completed' then
    had_counted = call('HDEL', parent_key .. ':processed', child_key)
  else
    had_counted = call('ZREM', parent_key .. ':unsuccessful', child_key) + call('HDEL', parent_key .. ':failed', child_key)
  end
  if had_counted > 0 then call('SADD', parent_key .. ':dependencies', child_key) end
end

-- After end_child or forget_child failed: the outcome of the child stands, its parent may wait in vain.
local function note_lost_parent(job_key, problem)
  if string.find(problem, 'non local key', 1, true) or string.find(problem, 'same slot', 1, true) then
    problem = 'it is in another place of the cluster; the queues of a flow need the same hash tag'
  end
  note_problem('parents_not_told', 1)
  call('HSET', job_key, 'wqparent', problem)
end
