-- Delayed jobs whose moment has come: they go into their lines.

local MOST_PROMOTED = 1000

-- When the first delayed job is due (ms), 0 for none.
local function first_due()
  local first = call('ZRANGE', here.delayed, 0, 0, 'WITHSCORES')
  return first[2] and math.floor(tonumber(first[2]) / DUE_STEP) or 0
end

-- Moves jobs that are due into their lines; returns when the next one is due (ms), 0 for none.
local function promote_due(now)
  local first = ask('ZRANGE', here.delayed, 0, 0, 'WITHSCORES')
  if first.err then blame(here.delayed, 'sorted set', first) end
  local last_due = (now + 1) * DUE_STEP - 1
  if first[2] and tonumber(first[2]) <= last_due then
    local ids = call('ZRANGEBYSCORE', here.delayed, '-inf', int(last_due), 'LIMIT', 0, MOST_PROMOTED)
    insist_places(here, ANYWHERE)
    each_chunk('ZREM', here.delayed, ids)
    local to_front = {}
    for _, id in ipairs(ids) do
      -- ask: the key may hold another type; take removes and counts such ids. Neither may become a hash of one field.
      local known = ask('HMGET', base .. id, 'priority', 'wqp')
      local priority = tonumber(known[1] or 0) or 0
      if known[2] then
        to_front[#to_front + 1] = { id, priority }
      else
        line_up(here, id, priority, 'LPUSH')
      end
      announce_waiting(here, id, 'delayed')
      if known[1] then call('HSET', base .. id, 'delay', 0) end
    end
    -- Those that waited for their recipient stood there already; the last one first, so that the first one stands in front.
    for at = #to_front, 1, -1 do line_up_in_front(here, unpack(to_front[at])) end
    mark_ready(here)
    first = call('ZRANGE', here.delayed, 0, 0, 'WITHSCORES')
  end
  return first[2] and math.floor(tonumber(first[2]) / DUE_STEP) or 0
end
