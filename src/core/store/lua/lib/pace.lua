-- The pace: a smooth limiter shared by all workers of a queue, by the server's clock alone. Burst 0: a start that
-- nobody used is gone.

-- The gap between two starts and the slack in a window, us. The slack swallows the lateness of whoever uses a start: an
-- exact gap plus arrival jitter would put one too many into some window (simulated: 750 ms at 80 a minute gives 81, 753 ms 80).
local function gap_of(max, window)
  local slack = math.max(window * 0.006, 20)
  return (window + slack) * 1000 / max, slack * 1000
end

-- Reserves the next start; returns the us until it. The last start is kept, not the next, so that a changed rate counts at once.
local function reserve_slot(now_us, gap)
  local last = tonumber(call('GET', here.pace) or '')
  local slot = last and math.max(now_us, last + gap) or now_us
  call('SET', here.pace, int(slot), 'PX', int((slot - now_us + gap) / 1000 + 60000))
  return slot - now_us
end

-- How long to keep away until a start is at most two gaps ahead, us. Nobody holds jobs for long before they start.
local function pace_wait(now_us, gap)
  local last = read_number(here.pace)
  local ahead = last and last + gap - now_us or 0
  return ahead > 2 * gap + 50000 and ahead - gap or 0
end

-- The slowest of the rates that are set, at the present tempo, as max and window in ms; nil when none is. And how many campaigns
-- and templates stepped aside.
local function rate_in_force(meta_max, meta_window, how)
  local max, window
  local function consider(other_max, other_window)
    other_max, other_window = tonumber(other_max or 0) or 0, tonumber(other_window or 0) or 0
    if other_max <= 0 or other_window <= 0 then return end
    if not max or other_window / other_max > window / max then max, window = other_max, other_window end
  end
  local own_rate = ask('HMGET', here.rate, 'max', 'duration_ms', 'tempo', 'tempo_since', 'tempo_max', 'tempo_window',
    'asides')
  if own_rate.err then blame(here.rate, 'hash', own_rate) end
  consider(meta_max, meta_window)
  consider(own_rate[1], own_rate[2])
  consider(how.worker_max, how.worker_window)
  consider(how.node_max, how.node_window)
  if not max then consider(how.fallback_max, how.fallback_window) end
  local share = tempo_share(own_rate[3], own_rate[4])
  if share < 1 then
    if not max then consider(own_rate[5], own_rate[6]) end
    if max then max = max * share end
  end
  return max, window, own_rate[7]
end

-- How many may start in one life of BullMQ's limiter key, and how long that is: the queue's own limit, else that of Node
-- workers beside this one, if it was told; nil when neither is set. Our pace is finer, but they look at this alone. A rate of
-- ours never counts there: of another period than theirs it would begin their windows anew.
local function shared_window(facts, how)
  local max = tonumber(facts[3] or '')
  if max then return max, tonumber(facts[4] or '') end
  max = tonumber(how.node_max) or 0
  if max > 0 then return max, tonumber(how.node_window) end
end
