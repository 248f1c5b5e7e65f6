-- What the fence adds to settling: an intent is closed with its outcome, and an outcome may come when its job was taken from
-- the worker that sent it.

-- Before a job that is still this worker's is settled: what is known of its send. Only an unknown outcome leaves the intent open.
local function close_intent(job, fence)
  if job.kind == 'hold' then
    local intent = job.intent and read_intent(job.intent)
    if not intent or intent.token ~= job.token then
      call('HSET', job.key, 'wqi', job.token .. ':' .. (job.ats or 0) .. intent_tail(fence, now))
    end
    return
  end
  if job.kind == 'completed' then job.outcome = outcome_of(job.token, job.ats, job.provider) end
  if not job.intent then return end
  -- What is given back was never sent: it is as suspect as before.
  if job.kind == 'release' then call('HDEL', job.key, 'wqi') else clear_intent(job.key) end
end

-- Takes a job out of the line or the failed set where it stands; returns which, or nil.
local function leave_line(id)
  if call('ZREM', here.failed, id) == 1 then return 'failed' end
  if call('LREM', here.active, -1, id) > 0 then return 'active' end
  for _, list in ipairs({ 'wait', 'paused' }) do
    if call('LREM', here[list], 1, id) > 0 then return list end
  end
  for _, set in ipairs({ 'prioritized', 'delayed' }) do
    if call('ZREM', here[set], id) == 1 then return set end
  end
end

-- The entry of a held job; nil when there is none that can be read.
local function held_entry(id)
  local text = call('HGET', held_key, id)
  local is_json, entry = pcall(cjson.decode, text or '')
  if is_json and type(entry) == 'table' and type(entry.intent) == 'string' then return entry end
end

-- Completes a job whose send turned out to be accepted; `entry` is what held has of it, if anything.
local function complete_late(job, entry)
  job.previous = leave_line(job.id)
  if not job.previous then return end
  if job.previous == 'failed' and entry and entry.counted then job.attempts_made = math.max(job.attempts_made - 1, 0) end
  call('HDEL', job.key, 'failedReason', 'wqi', 'wqc')
  finish(job, 'completed', 'returnvalue')
end

-- A send was accepted, but its job is under no lock of this worker any more: it was held, or recovered. Returns 1 when that
-- is stored, 2 when somebody else is sending the job again, nil when the intent is not this job's last one.
local function settle_late(job, lock)
  local entry = held_entry(job.id)
  local held = entry and read_intent(entry.intent)
  if held and held.token ~= job.token then held = nil end
  if job.kind == 'hold' then return held and 1 end
  if job.kind ~= 'completed' then return end
  local intent = held or job.intent and read_intent(job.intent)
  if not intent or intent.token ~= job.token then return end
  if held then call('HDEL', held_key, job.id) end
  if call('EXISTS', job.key) == 0 or call('ZSCORE', here.completed, job.id) then return 1 end
  job.outcome = outcome_of(intent.token, intent.ats, job.provider)
  if lock then
    call('HSET', job.key, 'wqs', job.outcome)
    call('XADD', here.events, '*', 'event', 'probable-double', 'jobId', job.id)
    return 2
  end
  complete_late(job, held and entry)
  return 1
end
