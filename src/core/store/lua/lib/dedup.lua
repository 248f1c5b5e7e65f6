-- Deduplication of an add: of the jobs with one deduplication id only the owner of its key is stored.
--
-- <base>de:<deduplication id>  STRING  id of the owner. It goes when the owner is removed, and without a TTL also when the
--                                      owner ends; with one it stands until it expires.
-- <base>dn:<deduplication id>  HASH    name, data, opts, jid: the job that is stored when the owner ends (keepLastIfActive)
-- Both written by adds, read by adds and by what ends or removes a job; Node does the same with them.

-- Who owns the keys of these deduplication ids, by id; or nil and the key that is none: nothing may be stored then.
local function find_owners(deduplications)
  local owners = {}
  for _, deduplication_id in pairs(deduplications) do
    local key = base .. 'de:' .. deduplication_id
    local owner = owners[deduplication_id] or ask('GET', key)
    if type(owner) == 'table' then return nil, key end
    owners[deduplication_id] = owner
  end
  return owners
end

-- How jobs of one shape are deduplicated; `words` names the modes as BullMQ does.
local function read_rules(words, ttl)
  local function has(word) return string.find(words, word, 1, true) ~= nil end
  local keeps = has('keepLastIfActive')
  return {
    replaces = has('replace'), reschedules = has('reschedule'), keeps = keeps,
    -- BullMQ's own rule: a key that may keep a job for later never expires, and without a TTL there is none to extend.
    extends = has('extend') and ttl > 0, ttl = keeps and 0 or ttl,
  }
end

-- Writes the owner down. Over a living key the TTL stays as it is, unless each add extends it.
local function claim(key, id, rules, is_over)
  if rules.ttl == 0 then
    call('SET', key, id)
  elseif is_over and not rules.extends then
    call('SET', key, id, 'KEEPTTL')
  else
    call('SET', key, id, 'PX', int(rules.ttl))
  end
end

local function announce_deduplicated(id, deduplication_id, other)
  call('XADD', here.events, '*', 'event', 'deduplicated', 'jobId', id, 'deduplicationId', deduplication_id,
    'deduplicatedJobId', other)
end

-- Puts the owner off to when the new job would have been due.
local function reschedule(owner, job)
  if not call('ZSCORE', here.delayed, owner) then return end
  -- An id without a hash must not become a hash of one field. ask: the key may hold another type.
  if call('EXISTS', base .. owner) == 1 then ask('HSET', base .. owner, 'delay', job.delay) end
  delay_until(here, owner, job.due)
  mark_due(here)
end

-- The job is not stored: it is kept for later, or the owner gets what it brought.
local function yield(key, owner, job)
  local rules, deduplication_id = job.rules, job.deduplication_id
  -- Where a job replaces another and can't, because that one waits or runs already, Node says nothing.
  local is_told = not rules.replaces
  if rules.keeps and type(ask('LPOS', here.active, owner)) == 'number' then
    local next_key = base .. 'dn:' .. deduplication_id
    -- What is kept for later has no moment of its own: Node, too, reads its delay from the options.
    local opts = job.opts
    if job.starts_at then opts = '{"delay":' .. job.delay .. ',' .. string.sub(opts, 2) end
    call('DEL', next_key)
    call('HSET', next_key, 'name', job.name, 'data', job.data, 'opts', opts, 'jid', job.id)
    call('PERSIST', key)
    is_told = true
  elseif rules.extends and not rules.replaces then
    claim(key, owner, rules, true)
  end
  if is_told then announce_deduplicated(owner, deduplication_id, job.id) end
  if rules.reschedules and not rules.replaces then reschedule(owner, job) end
end

-- Decides about one job { id, name, data, opts, due ms, delay ms, starts_at, rules, deduplication_id }. Returns the owner that it yields
-- to, itself when it was stored before; or nil when it is to be stored, and the job that it replaces, if any.
local function deduplicate(owners, job)
  local deduplication_id, rules = job.deduplication_id, job.rules
  local owner, key = owners[deduplication_id], base .. 'de:' .. deduplication_id
  if not owner then
    owners[deduplication_id] = job.id
    claim(key, job.id, rules)
    return
  end
  if rules.replaces and call('ZREM', here.delayed, owner) == 1 then
    owners[deduplication_id] = job.id
    delete_jobs(here, { owner })
    call('XADD', here.events, '*', 'event', 'removed', 'jobId', owner, 'prev', 'delayed')
    announce_deduplicated(job.id, deduplication_id, owner)
    call('DEL', base .. 'dn:' .. deduplication_id)
    claim(key, job.id, rules, true)
    return nil, owner
  end
  -- A key without a TTL whose owner is gone would swallow all jobs for ever.
  if call('PTTL', key) < 0 and call('EXISTS', base .. owner) == 0 then
    owners[deduplication_id] = job.id
    call('DEL', base .. 'dn:' .. deduplication_id)
    claim(key, job.id, rules)
    return
  end
  yield(key, owner, job)
  return owner
end
