-- What every change of a queue needs: the server's clock, variadic calls within Lua's limits, the marker, the order.

-- Lua's unpack stops at about 8,000 values; 1,000 is safe and as fast.
local MOST_ARGUMENTS = 1000
-- BullMQ's order within one priority, and within one millisecond of the delayed set.
local PRIORITY_STEP, DUE_STEP = 4294967296, 4096

-- Milliseconds and microseconds since the epoch. A server's clock stands still during a call.
local clock
local function server_time()
  clock = clock or call('TIME')
  local us = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
  return math.floor(us / 1000), us
end

-- Lua prints numbers beyond 14 digits as 1.7e+15.
local function int(number)
  return string.format('%.0f', number)
end

-- command key values…, in as many calls as it takes; returns the sum of their replies.
local function each_chunk(command, key, values)
  local sum, count = 0, #values
  for first = 1, count, MOST_ARGUMENTS do
    sum = sum + call(command, key, unpack(values, first, math.min(first + MOST_ARGUMENTS - 1, count)))
  end
  return sum
end

-- command keys…, likewise.
local function each_key(command, keys)
  local sum, count = 0, #keys
  for first = 1, count, MOST_ARGUMENTS do
    sum = sum + call(command, unpack(keys, first, math.min(first + MOST_ARGUMENTS - 1, count)))
  end
  return sum
end

-- What meta says of the queue, read once a call: { paused, concurrency, max, duration, opts.maxLenEvents, version }.
local function facts_of(queue)
  if not queue.facts then
    local facts = ask('HMGET', queue.meta, 'paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents', 'version')
    if facts.err then blame(queue.meta, 'hash', facts) end
    if facts[2] and not tonumber(facts[2]) then no_number('concurrency in ' .. queue.meta) end
    -- Events are still trimmed where their number can't be read.
    if facts[5] and not string.find(facts[5], '^%d+$') then facts[5] = '10000' end
    if facts[5] and #facts[5] > 18 then facts[5] = string.rep('9', 18) end
    queue.facts = facts
  end
  return queue.facts
end

-- How long the event stream may grow; BullMQ's default is written where nobody chose.
local function event_limit(queue)
  local facts = facts_of(queue)
  if not facts[5] then
    facts[5] = '10000'
    call('HSET', queue.meta, 'opts.maxLenEvents', facts[5])
  end
  return facts[5]
end

local function trim_events(queue)
  call('XTRIM', queue.events, 'MAXLEN', '~', event_limit(queue))
end

-- Whether a job put into wait may start: not while paused, not while the global concurrency is used up.
local function is_open(queue)
  local facts = facts_of(queue)
  if facts[1] then return false end
  return not (facts[2] and call('LLEN', queue.active) >= tonumber(facts[2]))
end

-- Wakes one idle worker. ask, here and below: workers look for themselves while the marker is of another type.
local function mark_ready(queue)
  if is_open(queue) then ask('ZADD', queue.marker, 0, '0') end
end

-- Tells idle workers when the next delayed job is due; written even while paused.
local function mark_due(queue)
  local first = call('ZRANGE', queue.delayed, 0, 0, 'WITHSCORES')
  if first[2] then ask('ZADD', queue.marker, tonumber(first[2]) / DUE_STEP, '1') end
end

-- The score for one more job due at due_ms: after all that are due in the same millisecond.
local function due_score(queue, due_ms)
  local lowest = due_ms * DUE_STEP
  local last = call('ZREVRANGEBYSCORE', queue.delayed, int(lowest + DUE_STEP - 1), int(lowest), 'WITHSCORES', 'LIMIT', 0, 1)
  if not last[2] then return lowest end
  return math.min(tonumber(last[2]) + 1, lowest + DUE_STEP - 1)
end

local function delay_until(queue, id, due_ms)
  call('ZADD', queue.delayed, int(due_score(queue, due_ms)), id)
  call('XADD', queue.events, '*', 'event', 'delayed', 'jobId', id, 'delay', int(due_ms))
end

local function priority_score(queue, priority)
  return int(priority * PRIORITY_STEP + call('INCR', queue.counter) % PRIORITY_STEP)
end

-- Where a job without priority waits. BullMQ 4 and 5 rename wait to paused when they pause, and rename it back over
-- whatever is in wait then: a queue that they paused gets new jobs in paused. meta.version is the last Queue that was made;
-- BullMQ 4 writes none, and all that came later take the jobs in paused back when they resume.
local function wait_list(queue)
  local facts = facts_of(queue)
  if not facts[1] or call('EXISTS', queue.wait) == 1 then return queue.wait end
  if call('EXISTS', queue.paused) == 1 then return queue.paused end
  local major = facts[6] and tonumber(string.match(facts[6], '^bullmq:(%d+)'))
  if not facts[6] or major and major <= 5 then return queue.paused end
  return queue.wait
end

-- Asks for the lines that jobs are to stand in: { plain, ranked (with a priority), delayed, children: true where some go there }.
local function insist_places(queue, places)
  local facts = facts_of(queue)
  insist('XLEN', queue.events, 'stream')
  if places.plain then insist('LLEN', wait_list(queue), 'list') end
  if places.ranked then
    insist('ZCARD', queue.prioritized, 'sorted set')
    insist_number(queue.counter)
  end
  if places.delayed then insist('ZCARD', queue.delayed, 'sorted set') end
  if places.children then insist('ZCARD', queue.children, 'sorted set') end
  if facts[2] then insist('LLEN', queue.active, 'list') end
end

-- Where a job of any kind may have to stand.
local ANYWHERE = { plain = true, ranked = true, delayed = true }

-- Puts a job at the back of its line; without a priority, side RPUSH is the front.
local function line_up(queue, id, priority, side)
  if priority > 0 then
    call('ZADD', queue.prioritized, priority_score(queue, priority), id)
  else
    call(side, wait_list(queue), id)
  end
end

-- Puts a job that was taken and not started back to the front of its line; of several, the last taken goes first. Alone
-- in its line it leaves room for those that come after it to the front. Where others left none, the front goes below the
-- line's own numbers, into the half of the priority before it that its numbers never reach.
local FRONT_ROOM, LONGEST_LINE = 1000, PRIORITY_STEP / 2
local function line_up_in_front(queue, id, priority)
  if priority == 0 then return call('RPUSH', wait_list(queue), id) end
  local lowest = priority * PRIORITY_STEP
  local first = call('ZRANGEBYSCORE', queue.prioritized, int(lowest - LONGEST_LINE), int(lowest + LONGEST_LINE - 1),
    'WITHSCORES', 'LIMIT', 0, 1)
  local score = first[2] and tonumber(first[2]) - 1 or lowest + call('INCRBY', queue.counter, FRONT_ROOM) % PRIORITY_STEP
  call('ZADD', queue.prioritized, int(score), id)
end

local function announce_waiting(queue, id, previous)
  call('XADD', queue.events, '*', 'event', 'waiting', 'jobId', id, 'prev', previous)
end

-- Adds to the problems that `wq metrics` tells. ask: that key may be of another type too, and nothing may fail for a count.
local function note_problem(name, count)
  ask('HINCRBY', here.counters, name, count)
end

-- Everything that belongs to these jobs but their place in a list or set; `parts` where not all of them may be there.
local JOB_PARTS = { ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }
local function delete_jobs(queue, ids, parts)
  parts = parts or JOB_PARTS
  local keys, count = {}, 0
  for _, id in ipairs(ids) do
    if not is_reserved(id) then
      local key = queue.base .. id
      keys[count + 1] = key
      for at, part in ipairs(parts) do keys[count + 1 + at] = key .. part end
      count = count + 1 + #parts
    end
  end
  each_key('DEL', keys)
end

local function refuse_id(id)
  return redis.error_reply('ERR the id ' .. id .. " is one of the queue's own keys: put something before or after it")
end

-- Whether there is a job of that id: a hash, and neither the queue's own nor, without a field of a job, a part of one (`a:failed`).
local PARTS = ' lock logs dependencies processed failed unsuccessful '
local function is_job(id)
  if is_reserved(id) then return false end
  -- ask: the key may be of another type.
  local size = ask('HLEN', base .. id)
  if type(size) ~= 'number' or size == 0 then return false end
  local part = string.match(id, ':(%l+)$')
  if not part or not string.find(PARTS, ' ' .. part .. ' ', 1, true) then return true end
  local known = call('HMGET', base .. id, 'name', 'data', 'opts', 'timestamp')
  return (known[1] or known[2] or known[3] or known[4]) and true or false
end

-- A job that is removed gives up its deduplication, and with it what was kept for its end.
local function free_deduplication(queue, id, deduplication_id)
  local key = queue.base .. 'de:' .. deduplication_id
  -- ask: the key may be of another type.
  if ask('GET', key) == id then call('DEL', key, queue.base .. 'dn:' .. deduplication_id) end
end
