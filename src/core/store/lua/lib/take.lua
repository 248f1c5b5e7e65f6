-- Taking jobs: due ones are promoted, limits are kept, a start is reserved for each under a rate.

-- Ids popped in one call that turn out to be no job; beyond this the next call goes on.
local MOST_DROPPED = 1000
-- What BullMQ's queue.rateLimit() writes: nobody may start, whatever limits are configured.
local CLOSED_BY_HAND = 9007199254740991
-- The hash fields a worker gets, in this order (core::store::take reads them by position); those from ats on are for take alone.
local TAKEN_FIELDS = { 'name', 'data', 'opts', 'timestamp', 'atm', 'attemptsMade', 'defa', 'ats', 'delay', 'priority' }
local FENCED_FIELDS = {
  'name', 'data', 'opts', 'timestamp', 'atm', 'attemptsMade', 'defa', 'ats', 'delay', 'priority', 'wqi', 'wqs', 'wqc',
}

-- Pops up to want ids that have a job and need not step back; what has no job is removed and counted. With a fence, what may
-- have been sent before is held. Returns ids, their fields, how many were removed, whether nothing waits any more, how many were
-- held, and how many stepped back.
local function pop_jobs(want, fence, checks)
  local ids, jobs, count, dropped, popped, held, stepped_back = {}, {}, 0, 0, 0, 0, 0
  local wanted = fence and FENCED_FIELDS or TAKEN_FIELDS
  local from_wait, is_empty = true, false
  while count < want and popped < want + MOST_DROPPED do
    local batch = from_wait and ask('RPOP', here.wait, math.min(want - count, MOST_ARGUMENTS))
    if batch and batch.err then blame(here.wait, 'list', batch) end
    if not batch then
      from_wait = false
      -- ZPOPMIN would make a text of every score.
      batch = ask('ZRANGE', here.prioritized, 0, math.min(want - count, MOST_ARGUMENTS) - 1)
      if batch.err then
        -- What came from wait goes its way; the next call, for which nothing is left there, says what is wrong.
        if popped == 0 then blame(here.prioritized, 'sorted set', batch) end
        break
      end
      if #batch == 0 then
        call('DEL', here.counter)
        is_empty = true
        break
      end
      call('ZREMRANGEBYRANK', here.prioritized, 0, #batch - 1)
    end
    popped = popped + #batch
    for at = 1, #batch do
      local id = batch[at]
      local key = base .. id
      local fields = ask('HMGET', key, unpack(wanted))
      -- Of the queue's own keys only meta is a hash.
      if not fields.err and key ~= here.meta and (fields[1] or fields[2] or fields[3] or fields[4] or is_job(id)) then
        if fields[11] and not passes_guard(id, key, fields) then
          held = held + 1
        elseif checks and steps_back(checks, id, key, fields[2]) then
          stepped_back = stepped_back + 1
        else
          count = count + 1
          ids[count], jobs[count] = id, fields
        end
      elseif string.sub(id, 1, 2) ~= '0:' then
        -- BullMQ 4 leaves its own markers ("0:…") in wait; those are no loss.
        dropped = dropped + 1
      end
    end
  end
  if dropped > 0 then note_problem('missing_hash', dropped) end
  return ids, jobs, dropped, is_empty, held, stepped_back
end

-- Whether and how many may start now: the number, or 0 with the reason and how long to keep away (us).
local function allowance(want, facts, max, gap, now_us, window_max)
  if facts[1] then return 0, 'paused', 0 end
  if facts[2] then
    want = math.min(want, tonumber(facts[2]) - call('LLEN', here.active))
    if want <= 0 then return 0, 'concurrency', 0 end
  end
  if not max then return want end
  local started = read_number(here.limiter) or 0
  if window_max or started >= CLOSED_BY_HAND then
    local left = started >= CLOSED_BY_HAND and 0 or window_max - started
    local ttl = call('PTTL', here.limiter)
    -- In its last millisecond the key is still there. Starts counted in it now would be forgotten with it, and the next
    -- window would come on top of them; Node ends the window here too.
    if ttl == 0 then call('DEL', here.limiter) end
    if left <= 0 and ttl > 0 then return 0, 'rate', ttl * 1000 end
    want = math.min(want, ttl > 0 and left or window_max or want)
  end
  local wait_us = pace_wait(now_us, gap)
  if wait_us > 0 then return 0, 'rate', wait_us end
  -- Read-ahead under a rate is one start; several only where starts are less than 10 ms apart.
  return math.min(want, math.max(1, math.floor(10000 / gap)))
end

-- Locks a job, whatever stands there. GET spares the table that the answer OK would be; it needs a text there or nothing.
local function lock(key, token, ms)
  if type(ask('SET', key, token, 'PX', ms, 'GET')) == 'table' then call('SET', key, token, 'PX', ms) end
end

-- Takes up to want jobs for one worker; `how` is what read_how gives. With a fence all that may start now are about to be sent.
-- Returns { now ms, why, wait us, due us, dropped, jobs, gap us, slack us, held }
--   why       '' or why there is no more now: 'paused', 'concurrency', 'rate'; 'empty' when nothing waits any more
--   wait us   how long to keep away ('rate')
--   due us    how long until the first delayed job is due, 0 none
--   dropped   ids that had no job
--   jobs      one array each: the fields up to defa; id; 1 when it has all fields that a job is made with; then us until its start
--             (not when it is the last and 0); with a fence ats, and 1 when its intent is written, 2 when it has to run alone;
--             then how often it was told to wait, if it was
--   gap us    between two starts, 0 without a rate
--   slack us  how much later than granted all starts of a window together may be
--   held      jobs that wait no longer but are held: they came back although they may have been sent
local function take(want, how)
  local now, now_us = server_time()
  local next_due = promote_due(now)
  local facts = facts_of(here)
  local max, window, asides = rate_in_force(facts[3], facts[4], how)
  local gap, slack = 0, 0
  if max then gap, slack = gap_of(max, window) end
  local function reply(why, wait_us, dropped, jobs, held)
    local due_us = next_due > 0 and math.max(next_due * 1000 - now_us, 1) or 0
    return { now, why, math.ceil(wait_us), due_us, dropped, jobs, math.ceil(gap), math.ceil(slack), held or 0 }
  end

  local window_max, window_ms = shared_window(facts, how)
  local allowed, why, wait_us = allowance(want, facts, max, gap, now_us, window_max)
  if allowed == 0 then return reply(why, wait_us, 0, {}) end
  insist('LLEN', here.active, 'list')
  insist('XLEN', here.events, 'stream')
  local fence = how.fence
  if fence then
    insist('ZCARD', here.failed, 'sorted set')
    insist('HLEN', held_key, 'hash')
  end
  local ids, jobs, dropped, is_empty, held, stepped_back = pop_jobs(allowed, fence, read_checks(asides, how.recipients))
  local count = #ids
  local left = is_empty and 'empty' or ''
  if stepped_back > 0 then
    next_due = first_due()
    mark_due(here)
    -- Many stepped back, and others may stand behind them.
    if count == 0 and not is_empty then left = 'rate' end
  end
  if count == 0 then return reply(left, 0, dropped, {}, held) end

  each_chunk('LPUSH', here.active, ids)
  local token, lock_ms, worker = how.token, how.lock_ms, how.worker
  local events, processed_on, counted = here.events, int(now), 0
  local tail = fence and intent_tail(fence, now)
  local intent_lock_ms = fence and fence.policy ~= 'r' and HELD_LOCK_MS or lock_ms
  for index = 1, count do
    local id, fields = ids[index], jobs[index]
    local key = base .. id
    -- Text where it can be: a number costs a conversion in every call.
    local attempts_started = fields[8] and int((tonumber(fields[8]) or 0) + 1) or '1'
    -- A job with a deferred failure is failed without being sent: no start.
    local start_us, intent = 0, nil
    if not fields[7] then
      counted = counted + 1
      if max then start_us = math.ceil(reserve_slot(now_us, gap)) end
      -- Whoever was being sent when a process died runs alone, and asks for its intent when it does.
      if fence and start_us == 0 and not fields[13] then intent = token .. ':' .. attempts_started .. tail end
    end
    lock(key .. ':lock', token, intent and intent_lock_ms or lock_ms)
    call('XADD', events, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
    if intent and worker ~= '' then
      call('HSET', key, 'processedOn', processed_on, 'ats', attempts_started, 'wqi', intent, 'pb', worker)
    elseif intent then
      call('HSET', key, 'processedOn', processed_on, 'ats', attempts_started, 'wqi', intent)
    elseif worker ~= '' then
      call('HSET', key, 'processedOn', processed_on, 'ats', attempts_started, 'pb', worker)
    else
      call('HSET', key, 'processedOn', processed_on, 'ats', attempts_started)
    end
    -- What an earlier attempt left of its outcome says nothing about this one.
    if fields[12] then call('HDEL', key, 'wqs') end
    -- A job that never started was never told to wait. A table that grows beyond the fields it came with is made anew.
    local waits = fields[8] and call('HGET', key, 'wqw') or nil
    fields[8] = id
    fields[9] = fields[1] and fields[2] and fields[3] and fields[4] and fields[9] and fields[10] and 1 or 0
    if fence then
      fields[10], fields[11], fields[12], fields[13] = start_us, attempts_started, fields[13] and 2 or intent and 1 or 0, waits
    elseif start_us > 0 or waits then
      fields[10], fields[11] = start_us, waits
    else
      fields[10] = nil
    end
  end
  if window_max and max and counted > 0 and call('INCRBY', here.limiter, counted) == counted then
    call('PEXPIRE', here.limiter, window_ms or window)
  end
  -- One more idle worker may be needed; without the marker Node's would sleep for five seconds. Should nothing be left, the
  -- one that wakes finds that out.
  if not is_empty then mark_ready(here) end
  return reply(left, 0, dropped, jobs, held)
end

-- Reads the twelve ARGV from `at` that say how to take.
local function read_how(at)
  return {
    token = ARGV[at], lock_ms = ARGV[at + 1], worker = ARGV[at + 2], worker_max = ARGV[at + 3], worker_window = ARGV[at + 4],
    fallback_max = ARGV[at + 5], fallback_window = ARGV[at + 6], node_max = ARGV[at + 7], node_window = ARGV[at + 8],
    fence = ARGV[at + 9] ~= '' and { policy = ARGV[at + 9], deadline_ms = tonumber(ARGV[at + 10]) } or nil,
    recipients = ARGV[at + 11],
  }
end
