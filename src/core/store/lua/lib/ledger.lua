-- The ledger: which row ids were ever added, so that a campaign file sent again adds nothing, even after its jobs
-- were removed.
--
-- wq:<prefix>:<queue>:ledger:<generation>:<shard>  HASH  rest of the id -> ''
--   generation = days since the epoch / 30; shard = two characters of the id and two bits of the third: 15,376 hashes
--   that stay small (listpacks, about 21 bytes a row) up to 3 million rows a generation.
--   Written by add_jobs, read by add_jobs, emptied by remove_jobs and obliterate; expires when the generation after it ends.
local GENERATION_MS = 30 * 24 * 60 * 60 * 1000

local function ledger_place(id, generation)
  local shard = string.sub(id, 1, 2) .. (string.byte(id, 3) or 0) % 4
  return own .. 'ledger:' .. int(generation) .. ':' .. shard, string.sub(id, 3)
end

-- Writes the id down; false when it was there, in this generation or the one before.
local function ledger_record(id, now)
  local generation = math.floor(now / GENERATION_MS)
  local before, field = ledger_place(id, generation - 1)
  if call('HEXISTS', before, field) == 1 then return false end
  local key = ledger_place(id, generation)
  if call('HSETNX', key, field, '') == 0 then return false end
  if call('HLEN', key) == 1 then call('PEXPIREAT', key, int((generation + 2) * GENERATION_MS)) end
  return true
end

local function ledger_forget(id, now)
  local generation = math.floor(now / GENERATION_MS)
  for each = generation - 1, generation do
    local key, field = ledger_place(id, each)
    call('HDEL', key, field)
  end
end
