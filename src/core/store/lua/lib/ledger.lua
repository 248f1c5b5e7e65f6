-- The ledger: which row ids were ever added, so that a campaign file sent again adds nothing, even after its jobs
-- were removed. Its ids are digests in base62.
--
-- wq:<prefix>:<queue>:ledger:<generation>:<shard>  HASH  rest of the id -> ''
--   generation = days since the epoch / 30; shard = two characters of the id and two bits of the third: 15,376 hashes
--   that stay small (listpacks, about 21 bytes a row) up to 3 million rows a generation.
-- wq:<prefix>:<queue>:ledger:<generation>:born     STRING  one bit a shard: its hash exists, with its expiry (3 KB)
--   It saves two of six commands a row: asking the generation before, and asking whether the hash is new.
-- Both written by add_jobs, read by add_jobs, emptied by remove_jobs and obliterate; both expire when the generation
-- after theirs ends.
local GENERATION_MS = 30 * 24 * 60 * 60 * 1000

local function ledger_generation(number)
  local prefix = own .. 'ledger:' .. int(number) .. ':'
  return { prefix = prefix, born_key = prefix .. 'born', expiry = int((number + 2) * GENERATION_MS) }
end

-- The shard's part of the key, the number of its bit, and the field.
local function ledger_place(id)
  local one, two, three = string.byte(id, 1, 3)
  -- The characters that ids are made of lie within 78 codes from '-'.
  local bit = (((one or 45) - 45) % 78 * 78 + ((two or 45) - 45) % 78) * 4 + (three or 0) % 4
  return string.sub(id, 1, 2) .. (three or 0) % 4, bit, string.sub(id, 3)
end

local function is_born(generation, bit)
  local byte = string.byte(generation.born, math.floor(bit / 8) + 1) or 0
  return math.floor(byte / 2 ^ (7 - bit % 8)) % 2 == 1
end

-- The ledger at this moment, for many rows.
local function ledger_open(now)
  local number = math.floor(now / GENERATION_MS)
  local before, present = ledger_generation(number - 1), ledger_generation(number)
  before.born = call('GET', before.born_key) or ''
  present.born = call('GET', present.born_key) or ''
  present.newborn = {}
  return { before = before, present = present }
end

-- Writes the id down; false when it was there, in this generation or the one before.
local function ledger_record(ledger, id)
  local shard, bit, field = ledger_place(id)
  local before, present = ledger.before, ledger.present
  if is_born(before, bit) and call('HEXISTS', before.prefix .. shard, field) == 1 then return false end
  local key = present.prefix .. shard
  if call('HSETNX', key, field, '') == 0 then return false end
  if not is_born(present, bit) and not present.newborn[bit] then
    present.newborn[bit] = true
    call('PEXPIREAT', key, present.expiry)
    call('SETBIT', present.born_key, bit, 1)
    if present.born == '' then call('PEXPIREAT', present.born_key, present.expiry) end
  end
  return true
end

local function ledger_forget(id, now)
  local number = math.floor(now / GENERATION_MS)
  local shard, bit, field = ledger_place(id)
  for each = number - 1, number do
    local generation = ledger_generation(each)
    local key = generation.prefix .. shard
    -- A hash goes with its last field, and its expiry with it.
    if call('HDEL', key, field) == 1 and call('EXISTS', key) == 0 then call('SETBIT', generation.born_key, bit, 0) end
  end
end
