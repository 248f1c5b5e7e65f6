-- Whether keys hold what their names promise: foreign programs may have put anything there.

-- A key that holds something else ends the call. Whatever is changed together is asked for before the first change, so that
-- the call can be repeated once the key was put right.
local function blame(key, kind, problem)
  if string.sub(problem.err, 1, 9) ~= 'WRONGTYPE' then error(problem) end
  error({ err = 'WRONGTYPE ' .. key .. ' is no ' .. kind .. ': rename or remove it, then try again' })
end

-- Asks, once a call, whether a key is of the type that this reading command needs; one that isn't there is.
local sound = {}
local function insist(command, key, kind)
  if sound[key] then return end
  local answer = ask(command, key)
  if type(answer) == 'table' and answer.err then blame(key, kind, answer) end
  sound[key] = true
end

local function no_number(key)
  error({ err = 'ERR ' .. key .. ' holds no whole number: set it right or remove it, then try again' })
end

-- The whole number that a key holds, nil for none.
local function read_number(key)
  local answer = ask('GET', key)
  if type(answer) == 'table' then blame(key, 'number', answer) end
  if answer and not string.find(answer, '^-?%d+$') then no_number(key) end
  return tonumber(answer or nil)
end

local function insist_number(key)
  if sound[key] then return end
  read_number(key)
  sound[key] = true
end
