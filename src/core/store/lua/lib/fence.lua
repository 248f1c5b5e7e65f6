-- The fence: who was about to send a job, whether it was sent, and what is held because nobody knows.
--
-- Fields of a job's hash, ours; written by take, send_intents, settle_* and recover_dead, removed with the job
--   wqi  intent: <token>:<ats>:<ms>:<deadline ms>:<h|r|l>; the next thing that the worker with that token does is to send. ats
--        as it was then: who sees another one sees a job that somebody took since. Past the deadline nobody may still be
--        sending. The letter is the worker's own rule for a send whose outcome nobody knows: hold, retry, lookup.
--   wqs  outcome: <token>:<ats>:<provider's id of the message, or ?>; sent, if token and ats are those of wqi or wqi is gone
--   wqc  how many processes died with an open intent of this job, under retry
--   wqk  stable key, where it isn't the id
-- wq:<prefix>:<queue>:held  HASH, no expiry: id -> JSON of a job that may have been sent or not: its fields name, data, opts,
--   timestamp, deid, parentKey, parent and priority; key (stable key), intent (wqi), when (ms), why, counted (whether atm has it).
--   Written by hold_job, read by add_*, `wq dlq` and lookup; an entry goes when a person or proof decides. The truth: the job's
--   place in failed is for readers, and a Node worker or a board may remove it or put it back in line.
-- A token is wq.<incarnation>.<number>: an incarnation is one start of a worker on a queue, the number is new for every take.

local held_key = own .. 'held'
-- What a lock lives under hold and lookup from its intent on: nobody but us may bring such a job back.
local HELD_LOCK_MS = 24 * 60 * 60 * 1000

-- The incarnation in a token of ours, nil for anybody else's.
local function incarnation_of(token)
  return string.match(token, '^wq%.([^.:]+)%.%d+$')
end

-- A field wqi in its parts; nil when it is none.
local function read_intent(text)
  local token, ats, _, deadline, policy = string.match(text, '^([^:]*):(%d+):(%d+):(%d+):([hrl])$')
  if token then return { token = token, ats = ats, deadline = tonumber(deadline), policy = policy } end
end

-- Whether this wqs says that the send of this intent was accepted.
local function is_sent(intent, outcome)
  local begin = intent.token .. ':' .. intent.ats .. ':'
  return outcome and string.sub(outcome, 1, #begin) == begin
end

-- The field wqs of a send that was accepted; provider is its id there, or ''.
local function outcome_of(token, ats, provider)
  return token .. ':' .. (ats or 0) .. ':' .. (provider == '' and '?' or provider)
end

-- What comes behind token and ats in every intent of one call.
local function intent_tail(fence, at)
  return ':' .. int(at) .. ':' .. int(at + fence.deadline_ms) .. ':' .. fence.policy
end

-- No send of it is under way any more.
local function clear_intent(key)
  call('HDEL', key, 'wqi', 'wqc')
end

-- What is kept of a held job, by the names of its fields; all a person needs to decide, and resolve to end it, when somebody
-- removed the job itself meanwhile.
local HELD_FIELDS = { 'name', 'data', 'opts', 'timestamp', 'deid', 'parentKey', 'parent', 'priority', 'wqk', 'wqi' }

-- Puts a job that left its line into failed and into held. It keeps its deduplication; its parent goes on waiting. Whether this
-- was counted in atm is kept, so that proof of the send doesn't count it once more.
local function hold_job(id, key, why, previous, is_counted)
  local at = server_time()
  local values, entry = call('HMGET', key, unpack(HELD_FIELDS)), { when = at, why = why, key = id, counted = is_counted }
  for index, name in ipairs(HELD_FIELDS) do
    if values[index] then entry[name] = values[index] end
  end
  entry.key, entry.wqk = entry.wqk or id, nil
  entry.intent, entry.wqi = entry.wqi, nil
  call('HSET', held_key, id, cjson.encode(entry))
  call('HSET', key, 'failedReason', why, 'finishedOn', int(at))
  call('ZADD', here.failed, int(at), id)
  call('XADD', here.events, '*', 'event', 'failed', 'jobId', id, 'failedReason', why, 'prev', previous)
end

-- Whether a job that waits may be given out; `fields` has wqi and wqs at 11 and 12. One with an intent came back by
-- somebody else's hand, or was replayed on purpose after it was sent.
local function passes_guard(id, key, fields)
  local intent = read_intent(fields[11])
  if intent and (intent.policy == 'r' or is_sent(intent, fields[12])) then
    call('HDEL', key, 'wqi', 'wqs')
    return true
  end
  hold_job(id, key, 'uncertain: it waits again, but a worker was about to send it and nobody knows whether it did', 'waiting')
  return false
end
