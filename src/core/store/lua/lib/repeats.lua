-- Calls that add are repeated when their answer was lost. The server remembers what it answered, so that a repeated call is told
-- the same and does nothing: neither are its own jobs duplicates, nor are those stored again that were sent and removed meanwhile.
--
-- wq:<prefix>:<queue>:adding:<lane>  STRING: number of the last call of that lane, a blank, its answer as JSON; written and read by
--   the scripts that add; expires once nobody can repeat the call any more. A caller has few lanes and numbers its calls upwards.

local function lane_key(lane) return own .. 'adding:' .. lane end

-- The answer of an earlier call of this name, else nil. An empty one: the caller has gone on long ago, the call comes late.
local function earlier_answer(lane, number)
  if lane == '' then return nil end
  local last, answer = string.match(call('GET', lane_key(lane)) or '', '^(%d+) (.*)$')
  if not last or tonumber(last) < number then return nil end
  return tonumber(last) == number and cjson.decode(answer) or {}
end

-- Remembers for so many ms what a call was answered.
local function remember_answer(lane, number, memory_ms, answer)
  if lane ~= '' then call('SET', lane_key(lane), number .. ' ' .. cjson.encode(answer), 'PX', memory_ms) end
end
