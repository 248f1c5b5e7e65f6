-- What keeps single jobs from starting while others go on: campaigns and templates that can't be sent, and recipients that
-- get too many messages. Take asks about each job that it pops, if there is anything to ask about.
--
-- wq:<prefix>:<queue>:aside  HASH  "campaign:<name>" or "template:<name>/<language>" -> JSON { reason, since (ms), by }
--   Written by set_aside, read by take while the field `asides` of `rate` says how many there are; removed by return_aside.
-- wq:<prefix>:<queue>:aside:<that key>  ZSET  id -> order in which the jobs stepped aside
--   The jobs are in BullMQ's `delayed`, at a moment far away, so that boards and Node see them; their field wqa names the
--   key. Ids that somebody removed or promoted meanwhile are found out when they are to return.
-- wq:<prefix>:<queue>:recipient:<digest>  HASH  expires when all of it is past; no number is in the key
--   tat         ms: where the starts so far, an interval each, end (GCRA)
--   not_before  ms: the provider said so
--   last        ms when the last one is due of those that wait for their recipient
-- wq:<prefix>:<queue>:recipient:<digest>:day  LIST  ms of its last starts, newest at the left; with a daily limit alone
-- The jobs that wait are in `delayed`, with the field wqp: once due they go to the front of their line, in their order.
local ASIDE_UNTIL = 2199023255000 -- in 2039; later moments don't fit into a score of `delayed`
local DAY_MS = 24 * 60 * 60 * 1000
local aside_key = own .. 'aside'
-- For so long a job is put off whose recipient's key is of another type; it is asked for again then.
local DAMAGED_WAIT_MS = 60 * 1000

-- A job's data as a table; an empty one where it is something else. Damaged data is for the worker to report.
local function read_data(text)
  local is_json, data = pcall(cjson.decode, text or '')
  return is_json and type(data) == 'table' and data or {}
end

-- By which of the keys in `asides` the job is to step aside, or nil.
local function aside_of(data, asides)
  if type(data.campaign) == 'string' and asides['campaign:' .. data.campaign] then return 'campaign:' .. data.campaign end
  local template = data.template
  if type(template) == 'table' and type(template.name) == 'string' and type(template.language) == 'string' then
    local key = 'template:' .. template.name .. '/' .. template.language
    if asides[key] then return key end
  end
end

-- Whoever gets the message, the same for all spellings of a number that reach the same person (core::model::phone), as a
-- digest; nil when nobody is named.
local function recipient_of(data)
  local to = data.to or data.phone or data.number
  if type(to) == 'number' then to = int(to) end
  if type(to) ~= 'string' or to == '' then return end
  local digits = string.gsub(to, '%D', '')
  if string.find(to, '[%a@]') or digits == '' then
    digits = to
  elseif string.sub(digits, 1, 2) == '00' then
    digits = string.sub(digits, 3)
  end
  if #digits == 13 and string.find(digits, '^55..9') then
    digits = string.sub(digits, 1, 4) .. string.sub(digits, 6)
  elseif #digits == 13 and (string.find(digits, '^521') or string.find(digits, '^549')) then
    digits = string.sub(digits, 1, 2) .. string.sub(digits, 4)
  end
  return string.sub(redis.sha1hex(own .. digits), 1, 16)
end

-- Nothing when the key is of another type. It is known only when its job has left its line, and one recipient must not stop
-- the others: its jobs are put off until somebody has put it right, and `wq metrics` tells.
local function read_recipient(recipient)
  local known = ask('HMGET', recipient, 'tat', 'not_before', 'last')
  if known.err then return end
  return tonumber(known[1] or 0) or 0, tonumber(known[2] or 0) or 0, tonumber(known[3] or 0) or 0
end

local function write_recipient(recipient, now, tat, not_before, last)
  call('HSET', recipient, 'tat', int(tat), 'not_before', int(not_before), 'last', int(last))
  call('PEXPIRE', recipient, int(math.max(tat, not_before, last) - now + 60000))
end

-- Whether the recipient may get one more now, and then it counts as started: nil, or ms when the job is to come again.
-- `limits` are { interval ms (0: only what the provider said), burst, daily (0 any) }; a job that waited for its recipient
-- before comes before those that did not.
local function recipient_wait(limits, digest, has_waited, now)
  local recipient = own .. 'recipient:' .. digest
  local day_key = recipient .. ':day'
  local tat, not_before, last = read_recipient(recipient)
  local oldest = limits.daily > 0 and ask('LINDEX', day_key, limits.daily - 1)
  if not tat or type(oldest) == 'table' then
    note_problem('recipients_damaged', 1)
    return now + DAMAGED_WAIT_MS
  end
  local free_at = math.max(tat - (limits.burst - 1) * limits.interval, not_before)
  oldest = tonumber(oldest or '')
  if oldest then free_at = math.max(free_at, oldest + DAY_MS) end
  if free_at <= now and (has_waited or last <= now) then
    if limits.interval > 0 then write_recipient(recipient, now, math.max(tat, now) + limits.interval, not_before, last) end
    if limits.daily > 0 then
      call('LPUSH', day_key, int(now))
      call('LTRIM', day_key, 0, limits.daily - 1)
      call('PEXPIRE', day_key, DAY_MS)
    end
    return
  end
  local due = math.max(free_at, now + 1)
  if not has_waited and last > now then due = math.max(due, last + math.max(limits.interval, 1)) end
  write_recipient(recipient, now, tat, not_before, math.max(last, due))
  return due
end

-- Puts a job that is in no line off; it comes back to the front of its line.
local function wait_for_recipient(id, key, now, due)
  call('HSET', key, 'delay', int(due - now), 'wqp', 1)
  delay_until(here, id, due)
end

-- The provider wants nothing for this recipient for so long: neither this job nor the others to it.
local function defer_recipient(job, now)
  local digest = recipient_of(read_data(call('HGET', job.key, 'data')))
  local due = now + job.ms
  if digest then
    local recipient = own .. 'recipient:' .. digest
    local tat, not_before, last = read_recipient(recipient)
    if tat then
      write_recipient(recipient, now, tat, math.max(not_before, due), math.max(last, due))
    else
      note_problem('recipients_damaged', 1)
    end
  end
  wait_for_recipient(job.id, job.key, now, due)
end

-- What this call asks about each job: { asides (set of keys) or nil, limits or nil }; nil when nothing at all. `count` is the
-- field `asides` of `rate`, `limits` "interval,burst,daily" or ''.
local function read_checks(count, limits)
  local checks
  if (tonumber(count or 0) or 0) > 0 then
    checks = { asides = {} }
    insist('HLEN', aside_key, 'hash')
    for _, key in ipairs(call('HKEYS', aside_key)) do
      insist('ZCARD', aside_key .. ':' .. key, 'sorted set')
      checks.asides[key] = true
    end
  end
  local interval, burst, daily = string.match(limits, '^(%d+),(%d+),(%d+)$')
  if interval then
    checks = checks or {}
    checks.limits = { interval = tonumber(interval), burst = math.max(tonumber(burst), 1), daily = tonumber(daily) }
  end
  return checks
end

-- Puts a job that is in no line behind those that stepped aside before it.
local function step_aside(id, key, aside)
  local now, now_us = server_time()
  local index = aside_key .. ':' .. aside
  local last = call('ZREVRANGE', index, 0, 0, 'WITHSCORES')
  call('HSET', key, 'delay', int(ASIDE_UNTIL - now), 'wqa', aside)
  call('ZADD', index, 'NX', int(math.max(now_us, (tonumber(last[2] or 0) or 0) + 1)), id)
  delay_until(here, id, ASIDE_UNTIL)
end

-- Whether a job that was just popped has to step back; then it is in `delayed`.
local function steps_back(checks, id, key, data_text)
  local data = read_data(data_text)
  local aside = checks.asides and aside_of(data, checks.asides)
  if aside then
    step_aside(id, key, aside)
    return true
  end
  local now = server_time()
  local digest = checks.limits and recipient_of(data)
  if not digest then return false end
  local has_waited = call('HGET', key, 'wqp')
  local due = recipient_wait(checks.limits, digest, has_waited, now)
  if due then
    wait_for_recipient(id, key, now, due)
    return true
  end
  if has_waited then call('HDEL', key, 'wqp') end
  return false
end
