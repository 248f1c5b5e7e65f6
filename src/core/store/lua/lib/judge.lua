-- What becomes of a job whose worker died, or ended without saying so.
--
-- A job here is { id, key, lock_key, token, intent, wqs, ats } as recover_dead finds it, and what load_job adds for the verdicts.
local MOST_DEATHS = 3
-- Ids, by what became of them.
local returned, held, completed, poisonous = {}, {}, {}, {}

local function leave_active(job)
  call('DEL', job.lock_key)
  call('SREM', here.stalled, job.id)
  return call('LREM', here.active, 1, job.id) > 0
end

-- Reads what the verdicts need; false when there is no such job, which is removed and counted then.
local function load_job(job)
  local fields = ask('HMGET', job.key, 'atm', 'attemptsMade', 'deid', 'priority', 'parentKey', 'timestamp')
  if fields.err or not (fields[1] or fields[4] or fields[6]) and call('EXISTS', job.key) == 0 then
    note_problem('missing_hash', 1)
    return false
  end
  job.attempts_made = math.max(tonumber(fields[1] or 0) or 0, tonumber(fields[2] or 0) or 0)
  job.counts_for_v4, job.deduplication = fields[2], fields[3]
  job.priority, job.parent_key = tonumber(fields[4] or 0) or 0, fields[5]
  job.text, job.trace, job.traces, job.attempts = '', '', -1, 0
  return true
end

local function give_back(job)
  settle.release(job)
  returned[#returned + 1] = job.id
end

-- Under retry: runs again, unless it was being sent each time that a process died.
local function try_again(job)
  call('HDEL', job.key, 'wqi')
  local count = job.is_suspected and ask('HINCRBY', job.key, 'wqc', 1) or 0
  if type(count) ~= 'number' then
    count = 1
    call('HSET', job.key, 'wqc', count)
  end
  if count < MOST_DEATHS then return give_back(job) end
  clear_intent(job.key)
  job.text = 'poison: ' .. count .. ' processes died while they were sending it'
  settle.failed(job)
  poisonous[#poisonous + 1] = job.id
end

local function judge(job, is_death)
  if not leave_active(job) or not load_job(job) then return end
  local intent = job.intent
  if not intent then return give_back(job) end
  if is_sent(intent, job.wqs) then
    clear_intent(job.key)
    job.text = 'null'
    settle.completed(job)
    completed[#completed + 1] = job.id
  elseif intent.policy == 'r' then
    try_again(job)
  else
    job.text = 'uncertain: ' .. (is_death and 'its worker died while sending it' or 'no outcome within the time that a send may take')
    settle.hold(job)
    held[#held + 1] = job.id
  end
end
