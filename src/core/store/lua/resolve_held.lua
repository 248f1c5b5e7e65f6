-- Ends the doubt about a held message: a person or a provider knows that it was sent, or that it was not. What became of the job
-- itself since it was held doesn't matter: a Node worker's removeOnFail may have removed it, a board may have put it back.
--
-- ARGV
--   3 id        of the job
--   4 verdict   "sent": it completes, its parent and its deduplication go on; "not-sent": it goes back in line under a new
--               stable key, as if the attempt had never been
--   5 provider  the provider's id of the message, or ''
--   6 key       the stable key that is spoken of, or '' for whichever is held
-- Returns { code, key, where }: code 1 done; 2 done, but the job had completed meanwhile; 3 it was resolved so before; 0 not held;
-- -1 a worker has the job just now, -2 the entry can't be read, -3 another key is held: then nothing was changed. `key` is the
-- stable key afterwards, `where` the job's place when it was found, '' when it is gone.
local id, verdict, provider, spoken_of = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local key = base .. id
insist('HLEN', held_key, 'hash')
insist('HLEN', key, 'hash')
insist_places(here, ANYWHERE)
insist_number(here.id)
for _, set in ipairs({ here.failed, here.completed }) do insist('ZCARD', set, 'sorted set') end
for _, list in ipairs({ here.active, here.wait, here.paused }) do insist('LLEN', list, 'list') end

local exists, text = call('EXISTS', key) == 1, call('HGET', held_key, id)
local fields = call('HMGET', key, 'atm', 'attemptsMade', 'deid', 'priority', 'parentKey', 'wqi', 'wqk')
local is_completed = exists and call('ZSCORE', here.completed, id)

-- What a repeated call finds.
local function look_back()
  local is_back = exists and fields[7] and not fields[6] and not call('ZSCORE', here.failed, id)
  local was_resolved = verdict == 'sent' and is_completed or verdict == 'not-sent' and is_back
  return { was_resolved and 3 or 0, fields[7] or id, '' }
end
if not text then return look_back() end
if call('EXISTS', key .. ':lock') == 1 then return { -1, fields[7] or id, 'active' } end
local is_json, entry = pcall(cjson.decode, text)
if not is_json or type(entry) ~= 'table' then return { -2, id, '' } end
local function word(name)
  return type(entry[name]) == 'string' and entry[name] or nil
end
local held = word('key') or id
if spoken_of ~= '' and spoken_of ~= held then return { -3, held, '' } end

-- Of what the job says itself and what was kept of it, the former is the younger.
local deduplication_id, parent_key = fields[3] or word('deid'), fields[5] or word('parentKey')
local attempts_made = math.max(tonumber(fields[1] or 0) or 0, tonumber(fields[2] or 0) or 0)

-- A job that nobody can show any more still has a parent that waits, and a deduplication.
local function complete_unseen()
  if deduplication_id then finish_deduplication(here, id, deduplication_id, now) end
  if parent_key and attempt(end_child, { key = key, parent_key = parent_key, text = 'null' }, 'completed', now) then
    note_problem('parents_not_told', 1)
  end
  call('XADD', here.events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', 'null', 'prev', 'failed')
end

local function complete_seen()
  local intent = read_intent(word('intent') or '') or { token = '?', ats = 0 }
  local job = {
    id = id, key = key, text = 'null', trace = '', traces = -1, attempts_made = attempts_made, counts_for_v4 = fields[2],
    deduplication = deduplication_id, parent_key = parent_key, outcome = outcome_of(intent.token, intent.ats, provider),
  }
  job.previous = leave_line(id) or 'unknown'
  -- Where the attempt was counted when the job was held, it isn't once more.
  if entry.counted == true then job.attempts_made = math.max(attempts_made - 1, 0) end
  call('HDEL', key, 'failedReason', 'wqi', 'wqc')
  finish(job, 'completed', 'returnvalue')
  return job.previous
end

-- `order-1`, `order-1.2`, `order-1.3`, …: the receiver is to take it for a new message.
local function next_key()
  local begin = id .. '.'
  local number = string.sub(held, 1, #begin) == begin and tonumber(string.match(string.sub(held, #begin + 1), '^%d+$'))
  return begin .. int((number or 1) + 1)
end

local function line_up_again(new_key)
  local previous = leave_line(id) or 'unknown'
  call('HDEL', key, 'failedReason', 'finishedOn', 'processedOn', 'wqi', 'wqs', 'wqc', 'defa')
  call('HSET', key, 'wqk', new_key)
  if entry.counted == true and attempts_made > 0 then
    if fields[1] then call('HSET', key, 'atm', attempts_made - 1) end
    if fields[2] then call('HSET', key, 'attemptsMade', attempts_made - 1) end
  end
  line_up(here, id, tonumber(fields[4] or 0) or 0, 'LPUSH')
  announce_waiting(here, id, previous)
  mark_ready(here)
  return previous
end

-- From what was kept of it.
local function make_again(new_key)
  local more = { 'wqk', new_key }
  for field, value in pairs({ deid = deduplication_id, parentKey = parent_key, parent = word('parent') }) do
    more[#more + 1] = field
    more[#more + 1] = value
  end
  call('INCR', here.id)
  create_job(here, id, {
    name = word('name') or '', data = word('data') or '{}', opts = word('opts') or '{}',
    timestamp = tonumber(word('timestamp') or '') or now, delay = 0, priority = tonumber(word('priority') or '') or 0, more = more,
  })
  -- ask: the key may be of another type. Somebody else may own the id by now.
  if deduplication_id then ask('SET', base .. 'de:' .. deduplication_id, id, 'NX') end
end

call('HDEL', held_key, id)
local code, where, new_key = 1, '', held
if is_completed then
  code, where = 2, 'completed'
elseif verdict == 'sent' then
  if exists then where = complete_seen() else complete_unseen() end
else
  new_key = next_key()
  if exists then where = line_up_again(new_key) else make_again(new_key) end
end
store_finished(0)
wake_workers()
trim_events(here)
return { code, new_key, where }
