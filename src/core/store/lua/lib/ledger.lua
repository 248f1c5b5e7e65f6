-- The ledger: which row ids were ever added, so that a campaign file sent again adds nothing, even after its jobs
-- were removed. Its ids are digests in base62.
--
-- wq:<prefix>:<queue>:ledger:<generation>:<shard>  HASH  rest of the id -> ''
--   generation = days since the epoch / 30; shard = two characters of the id and two bits of the third: 15,376 hashes
--   that stay small (listpacks, about 21 bytes a row) up to 3 million rows a generation.
-- wq:<prefix>:<queue>:ledger:<generation>:born     STRING  one byte a shard: '1' when its hash exists (22 KB)
--   It saves two of six commands a row: asking the generation before, and asking whether the hash is new.
-- Both written by add_jobs, read by add_jobs, emptied by remove_jobs and obliterate; both expire when the generation
-- after theirs ends.
local GENERATION_MS = 30 * 24 * 60 * 60 * 1000
local byte, sub = string.byte, string.sub
local BORN = byte('1')
local QUARTERS = { [0] = '0', '1', '2', '3' }

local function ledger_generation(number)
  local prefix = own .. 'ledger:' .. int(number) .. ':'
  return { prefix = prefix, born_key = prefix .. 'born', expiry = int((number + 2) * GENERATION_MS) }
end

-- The place of the shard's byte, the key of the shard behind this prefix, and the field. Base62 lies within 75 codes from '0'.
local function ledger_place(id, prefix)
  local one, two, three = byte(id, 1, 3)
  local quarter = three % 4
  local key = prefix .. sub(id, 1, 2) .. QUARTERS[quarter]
  return ((one - 48) * 75 + two - 48) * 4 + quarter, key, sub(id, 3)
end

-- What a command says of a key of the ledger.
local function ledger_ask(command, key, ...)
  local answer = ask(command, key, ...)
  if type(answer) == 'table' and answer.err then blame(key, command == 'GET' and 'text' or 'hash', answer) end
  return answer
end

-- The ledger at this moment, for many rows.
local function ledger_open(now)
  local number = math.floor(now / GENERATION_MS)
  local before, present = ledger_generation(number - 1), ledger_generation(number)
  before.born = ledger_ask('GET', before.born_key) or ''
  present.born = ledger_ask('GET', present.born_key) or ''
  present.newborn = {}
  return { before = before, present = present }
end

-- Whether the id is written down, in this generation or the one before.
local function ledger_has(ledger, id)
  for _, generation in pairs({ ledger.before, ledger.present }) do
    local place, key, field = ledger_place(id, generation.prefix)
    local is_born = byte(generation.born, place + 1) == BORN
    if is_born and ledger_ask('HEXISTS', key, field) == 1 then return true end
  end
  return false
end

-- Writes the id down; false when it was there, in this generation or the one before.
local function ledger_record(ledger, id)
  local before, present = ledger.before, ledger.present
  local place, key, field = ledger_place(id, present.prefix)
  if byte(before.born, place + 1) == BORN then
    local _, key_before = ledger_place(id, before.prefix)
    if ledger_ask('HEXISTS', key_before, field) == 1 then return false end
  end
  -- Every row of a campaign comes by: no function between.
  local answer = ask('HSETNX', key, field, '')
  if answer == 0 then return false end
  if answer ~= 1 then blame(key, 'hash', answer) end
  if byte(present.born, place + 1) ~= BORN and not present.newborn[place] then
    present.newborn[place] = true
    call('PEXPIREAT', key, present.expiry)
    call('SETRANGE', present.born_key, place, '1')
    if present.born == '' then call('PEXPIREAT', present.born_key, present.expiry) end
  end
  return true
end

local function ledger_forget(id, now)
  -- Ids of other jobs may be any bytes; none of those is in the ledger.
  if not string.find(id, '^%w%w%w') then return end
  local number = math.floor(now / GENERATION_MS)
  for each = number - 1, number do
    local generation = ledger_generation(each)
    local place, key, field = ledger_place(id, generation.prefix)
    -- A hash goes with its last field, and its expiry with it. ask: where the key is of another type there is nothing to
    -- forget, and the next add says what is wrong.
    if ask('HDEL', key, field) == 1 and call('EXISTS', key) == 0 then
      ask('SETRANGE', generation.born_key, place, '0')
    end
  end
end

-- Writes down those of the ids that are new, before anything else is stored. Returns which, by their place, and what takes it
-- back; where a key is of another type nothing is written down and the call ends. `known` has the places that are passed over.
local function ledger_record_all(ledger, ids, known, now)
  local is_new, recorded, count = {}, {}, 0
  local function take_back()
    for _, id in ipairs(recorded) do ledger_forget(id, now) end
  end
  local is_done, problem = pcall(function()
    for index = 1, #ids do
      local id = ids[index]
      if not known[index] and ledger_record(ledger, id) then
        count = count + 1
        is_new[index], recorded[count] = true, id
      end
    end
  end)
  if not is_done then
    take_back()
    error(problem)
  end
  return is_new, take_back
end
