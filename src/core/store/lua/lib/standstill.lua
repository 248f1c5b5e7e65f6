-- Why a queue stands still: the reason beside BullMQ's own pause flag, and what ends it.
--
-- wq:<prefix>:<queue>:pause  HASH, no expiry: it goes when the queue goes on
--   class      a stable word (core::model::outage), "hand" when a person paused a queue that was all right
--   reason     one line for people
--   since      ms
--   end        "by_hand" or "probe"
--   by         name of the worker that met it, "hand" for a person
--   by_hand    ms since when a person has paused it on top of an outage
--   probes     how often the provider was asked since; the pauses between grow by it
--   next_probe ms, when somebody may ask next: later while somebody is asking
--   prober     who is asking; only its answer counts
-- wq:<prefix>:<queue>:relapses  HASH, expires an hour after the queue went on by itself
--   resumed    ms, when that was
--   count      outages since that a probe was to end, without one message sent in between
-- Both written and read here and by pause_queue, resume_queue and probe_queue, shown by `wq metrics`, removed by obliterate.
-- Node and boards know the flag alone: without it in meta the reason is out of date, and the next of these calls removes it.
local pause_key, relapses_key = own .. 'pause', own .. 'relapses'
local RELAPSE_LIFE_MS = 60 * 60 * 1000
-- The provider's word is not believed a fourth time.
local MOST_RELAPSES = 3

-- Asks for everything that a pause may write.
local function insist_pause()
  facts_of(here)
  insist('HLEN', pause_key, 'hash')
  insist('HLEN', relapses_key, 'hash')
  insist('XLEN', here.events, 'stream')
end

-- Asks for everything that going on may write.
local function insist_going_on()
  insist_pause()
  for _, list in ipairs({ here.paused, here.wait, here.active }) do insist('LLEN', list, 'list') end
  insist('ZCARD', here.delayed, 'sorted set')
end

-- Whether the queue is paused, by whomever.
local function is_paused()
  return facts_of(here)[1] and true or false
end

-- What is written down: { class, reason, since, end, by, probes, next_probe, by_hand, prober }, false each where nothing is.
local function read_standstill()
  return call('HMGET', pause_key, 'class', 'reason', 'since', 'end', 'by', 'probes', 'next_probe', 'by_hand', 'prober')
end

-- BullMQ 6's own way: nothing moves, nobody takes.
local function set_pause_flag()
  call('HSET', here.meta, 'paused', 1)
  call('DEL', here.marker)
  event_limit(here)
  call('XADD', here.events, '*', 'event', 'paused')
end

-- Lets the queue go on; jobs that BullMQ 4 or 5 parked in `paused` run first. Returns 1 when it was paused.
local function go_on()
  local changed = call('HDEL', here.meta, 'paused')
  facts_of(here)[1] = false
  call('DEL', pause_key)
  if call('EXISTS', here.paused) == 1 then
    if call('EXISTS', here.wait) == 0 then
      call('RENAME', here.paused, here.wait)
    else
      -- The right end runs first: the parked ones in their own order before those that came later.
      while true do
        local ids = call('LPOP', here.paused, MOST_ARGUMENTS)
        if not ids then break end
        call('RPUSH', here.wait, unpack(ids))
      end
    end
  end
  event_limit(here)
  call('XADD', here.events, '*', 'event', 'resumed')
  mark_ready(here)
  mark_due(here)
  return changed
end

-- Whether the provider was believed too often; `success_ago` is how many ms ago the caller sent something, -1 never.
local function is_stuck(now, success_ago)
  local resumed = tonumber(call('HGET', relapses_key, 'resumed') or '')
  if not resumed then return false end
  local last = call('ZREVRANGE', here.completed, 0, 0, 'WITHSCORES')
  local last_success = math.max(tonumber(last[2] or 0), success_ago >= 0 and now - success_ago or 0)
  if last_success > resumed then
    call('DEL', relapses_key)
    return false
  end
  return call('HINCRBY', relapses_key, 'count', 1) >= MOST_RELAPSES
end
