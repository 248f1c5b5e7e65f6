-- Makes one job and puts it where it belongs: a child, a run of a scheduler, the successor of a deduplicated job. What is
-- added in bulk has a way of its own, in add_jobs.

-- The job is { name, data (JSON), opts (JSON), timestamp ms, delay ms, priority, lifo (true: to the front), has_children,
-- more (further fields of its hash, flat pairs, or nil) }. It must not exist yet; the caller counts it in `id`.
local function create_job(queue, id, job)
  call('HSET', queue.base .. id, 'name', job.name, 'data', job.data, 'opts', job.opts, 'timestamp', int(job.timestamp),
    'delay', int(job.delay), 'priority', job.priority, unpack(job.more or {}))
  call('XADD', queue.events, '*', 'event', 'added', 'jobId', id, 'name', job.name)
  if job.has_children then
    call('ZADD', queue.children, int(job.timestamp), id)
    call('XADD', queue.events, '*', 'event', 'waiting-children', 'jobId', id)
  elseif job.delay > 0 then
    delay_until(queue, id, job.timestamp + job.delay)
    mark_due(queue)
  else
    line_up(queue, id, job.priority, job.lifo and 'RPUSH' or 'LPUSH')
    call('XADD', queue.events, '*', 'event', 'waiting', 'jobId', id)
    mark_ready(queue)
  end
end
