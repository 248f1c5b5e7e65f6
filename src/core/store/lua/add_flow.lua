-- Adds a flow, a parent with its children of any depth and in any queues of one prefix: all or nothing, each job once
-- however often the call is repeated.
--
-- ARGV
--   3 library   text for meta.library, written where absent
--   4 lane      with the number the name of this call, should it be repeated (lib/repeats.lua); '' for one that never is
--   5 number    of the call
--   6 memory_ms how long its answer is remembered
--   7…          eleven a job, parents before their children: base of its queue, id, name, data (JSON), opts (JSON),
--               priority, lifo ("1"), start ("now", "after", "at"), ms, number of its parent from 1 (0 none), the field
--               parent (JSON, '' none)
-- Returns { 1, one number a job: 1 stored, 0 duplicate, 2 skipped because its parent no longer waits for children }, or
-- { 0, number of a job from 1, the key of the other parent that it has }: then nothing was stored.
local library, now = ARGV[3], server_time()
local lane, call_number = ARGV[4], tonumber(ARGV[5])
local earlier = earlier_answer(lane, call_number)
if earlier then return earlier end

local jobs, queues = {}, {}
for at = 7, #ARGV, 11 do
  if is_reserved(ARGV[at + 1]) then return refuse_id(ARGV[at + 1]) end
  local queue_base, start, ms = ARGV[at], ARGV[at + 7], tonumber(ARGV[at + 8])
  queues[queue_base] = queues[queue_base] or queue_at(queue_base)
  local due = (start == 'after' and now + ms) or (start == 'at' and ms) or now
  local job = {
    queue = queues[queue_base], id = ARGV[at + 1], key = queue_base .. ARGV[at + 1], name = ARGV[at + 2], data = ARGV[at + 3],
    opts = ARGV[at + 4], priority = tonumber(ARGV[at + 5]), lifo = ARGV[at + 6] == '1', timestamp = now,
    delay = math.max(due - now, 0), parent = jobs[tonumber(ARGV[at + 9])], said = ARGV[at + 10],
  }
  if job.parent then job.parent.has_children = true end
  jobs[#jobs + 1] = job
end

for queue_base in pairs(queues) do insist('HLEN', 'wq:' .. queue_base .. 'held', 'hash') end

-- Whether the parent has written down how this child ended.
local function is_counted(parent, job)
  return call('HEXISTS', parent.key .. ':processed', job.key) == 1 or call('HEXISTS', parent.key .. ':failed', job.key) == 1
    or call('ZSCORE', parent.key .. ':unsuccessful', job.key)
end

-- Reads what is there; everything that can be refused is refused before the first write.
for index, job in ipairs(jobs) do
  local parent = job.parent
  job.was_there = call('EXISTS', job.key) == 1
  if job.was_there then insist('HLEN', job.key, 'hash') end
  job.is_counted = parent and parent.was_there and is_counted(parent, job)
  if parent and parent.has_gone_on then
    -- What is below was added with it, or never will be: a parent that runs has asked for its children's values already.
    job.status, job.has_gone_on = (job.was_there or job.is_counted) and 0 or 2, true
  elseif job.was_there then
    job.status = 0
    job.has_gone_on = job.has_children and not call('ZSCORE', job.queue.children, job.id)
    if job.has_children then call('SCARD', job.key .. ':dependencies') end
    local other = call('HGET', job.key, 'parentKey')
    if parent and other and other ~= parent.key and call('EXISTS', other) == 1 then return { 0, index, other } end
  elseif job.is_counted then
    job.status, job.has_gone_on = 0, true
  elseif call('HEXISTS', 'wq:' .. job.queue.base .. 'held', job.id) == 1 then
    -- It may have been sent, even though somebody removed the job itself.
    job.status, job.has_gone_on = 0, true
  else
    job.status = 1
  end
end

for _, job in ipairs(jobs) do
  local queue = job.queue
  insist_number(queue.id)
  insist('ZCARD', queue.marker, 'sorted set')
  insist_places(queue, {
    children = job.has_children, delayed = job.delay > 0, ranked = job.priority > 0, plain = job.priority == 0,
  })
  if job.has_children then insist('SCARD', job.key .. ':dependencies', 'set') end
  -- What `link` will ask.
  if job.parent and job.was_there then
    insist('ZCARD', queue.completed, 'sorted set')
    insist('HLEN', job.parent.key .. ':processed', 'hash')
  end
end

-- Makes a job that was there the child of its parent, which still waits.
local function link(job)
  local parent = job.parent
  if call('ZSCORE', job.queue.completed, job.id) then
    call('HSET', parent.key .. ':processed', job.key, call('HGET', job.key, 'returnvalue') or 'null')
  elseif not job.is_counted then
    call('SADD', parent.key .. ':dependencies', job.key)
  end
  call('HSET', job.key, 'parentKey', parent.key, 'parent', job.said)
end

for _, queue in pairs(queues) do call('HSETNX', queue.meta, 'library', library) end
for _, job in ipairs(jobs) do
  local parent = job.parent
  call('INCR', job.queue.id)
  if job.status == 1 then
    if parent then job.more = { 'parentKey', parent.key, 'parent', job.said } end
    create_job(job.queue, job.id, job)
    if parent then call('SADD', parent.key .. ':dependencies', job.key) end
  elseif job.status == 0 then
    call('XADD', job.queue.events, '*', 'event', 'duplicated', 'jobId', job.id)
    if parent and not parent.has_gone_on and job.was_there then link(job) end
  end
end
-- All children of one may have been there, and finished.
for _, job in ipairs(jobs) do
  if job.has_children and not job.has_gone_on and call('SCARD', job.key .. ':dependencies') == 0 then release_parent(job, now) end
end
for _, queue in pairs(queues) do trim_events(queue) end

local statuses = {}
for index, job in ipairs(jobs) do statuses[index] = job.status end
remember_answer(lane, call_number, ARGV[6], { 1, statuses })
return { 1, statuses }
