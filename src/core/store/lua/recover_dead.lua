-- A worker's sign of life, and at most every 500 ms over all workers of the queue: what was active at workers that died goes on.
-- Only jobs under a token of ours are judged, or with an intent of ours and no lock: all others belong to BullMQ's own rules.
--
-- wq:<prefix>:<queue>:beat   HASH, no expiry: incarnation of a worker -> ms of its last sign of life; an entry goes with a clean end or
--   when its worker is found dead
-- wq:<prefix>:<queue>:watch  HASH, no expiry: run (the server's run_id), since (ms from when on silence may mean something), sweep
--   (ms of the last sweep), gone.<incarnation> (ms since when it is not subscribed), deaf.<incarnation> (1: it says itself that
--   it is not subscribed)
-- wq:<prefix>:<queue>:alive:<incarnation>  a sharded channel that each worker subscribes to and nobody writes to: the server drops
--   the subscription the moment the process dies. Its name has the queue's hash tag, so this node is the one to ask
-- The two keys are written and read here alone; obliterate removes them.
--
-- ARGV
--   3 action       enter: a new incarnation; beat; return: back over another connection, only its own lost takes are looked for;
--                  leave: a clean end, everything is stored
--   4 incarnation  of the caller
--   5 run_id       of the server's process
--   6 subscribed   "1": the caller is; a worker that is not can't be missed by the server, and dies by its long silence alone
--   7 first_take   number of the first take over the caller's present connection; 0 when takes over earlier ones can't arrive
--                  any more. A job of an earlier one that the caller doesn't know goes back
--   8…             two a job that it knows from before: id, token
-- Returns { known, dead, returned, held, completed, poisonous }
--   known     0: the caller was declared dead; it needs a new incarnation, and nothing that it hasn't started is its own
--   dead      how many incarnations were found dead
--   the rest  ids: back at the front of their lines; held, since nobody knows; completed, since their outcome was known; dead
--             letters, since three processes died sending them
local beat_key, watch_key = own .. 'beat', own .. 'watch'
local SWEEP_MS, STILL_MS, TRUST_MS = 500, 1500, 3000
local SILENT_MS, LOST_MS = 1500, 15000
local MOST_JUDGED = 1000
local action, me, run_id, is_subscribed, first_take = ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1', tonumber(ARGV[7])
local deaths = 0
local function reply(is_known)
  return { is_known and 1 or 0, deaths, returned, held, completed, poisonous }
end

insist('HLEN', beat_key, 'hash')
insist('HLEN', watch_key, 'hash')

local function forget(incarnation)
  call('HDEL', beat_key, incarnation)
  call('HDEL', watch_key, 'gone.' .. incarnation, 'deaf.' .. incarnation)
end

if action == 'leave' then
  forget(me)
  return reply(true)
end
if action == 'beat' and call('HEXISTS', beat_key, me) == 0 then return reply(false) end
if action ~= 'return' then
  call('HSET', beat_key, me, timestamp)
  if is_subscribed then
    call('HDEL', watch_key, 'deaf.' .. me)
  else
    call('HSET', watch_key, 'deaf.' .. me, 1)
  end
end

local known = {}
for at = 8, #ARGV, 2 do known[ARGV[at]] = ARGV[at + 1] end

-- Whether this call sweeps, and whether anybody may be declared dead: not right after a restart of the server, or after a
-- time without sweeps, when the others had no chance to show that they live.
local function plan_sweep()
  if action == 'return' then return false, false end
  local memory = call('HMGET', watch_key, 'run', 'since', 'sweep')
  local since, last = tonumber(memory[2] or ''), tonumber(memory[3] or '')
  if last and last > now then last = nil end
  if last and now - last < SWEEP_MS then return false, false end
  if memory[1] ~= run_id or not last or now - last > STILL_MS or not since or since > now then since = now end
  call('HSET', watch_key, 'run', run_id, 'since', int(since), 'sweep', timestamp)
  return true, now - since >= TRUST_MS
end
local is_sweep, is_trusted = plan_sweep()
if not is_sweep and first_take == 0 then return reply(true) end

-- Every active job of ours, newest first: { id, key, token, owner, intent, … }.
local function our_active_jobs()
  local jobs, ids = {}, call('LRANGE', here.active, 0, -1)
  for first = 1, #ids, MOST_ARGUMENTS do
    local last, locks = math.min(first + MOST_ARGUMENTS - 1, #ids), {}
    for index = first, last do locks[#locks + 1] = base .. ids[index] .. ':lock' end
    for offset, lock in ipairs(call('MGET', unpack(locks))) do
      local id = ids[first + offset - 1]
      local job = { id = id, key = base .. id, lock_key = locks[offset], token = lock }
      job.owner = lock and incarnation_of(lock)
      -- ask: the key may be of another type.
      local fields = (job.owner or not lock) and ask('HMGET', job.key, 'wqi', 'wqs', 'ats', 'wqc')
      if fields and not fields.err then
        job.intent, job.wqs, job.ats, job.deaths = fields[1] and read_intent(fields[1]), fields[2], fields[3], fields[4]
        -- An intent of another time than this job's last start says nothing about who has it now.
        if job.intent and (lock and job.intent.token ~= lock or job.intent.ats ~= job.ats) then job.intent = nil end
        if not lock and job.intent then job.owner = incarnation_of(job.intent.token) end
      end
      if job.owner then jobs[#jobs + 1] = job end
    end
  end
  return jobs
end

-- The incarnations that are dead: silent and not subscribed in two sweeps though they had said that they were, or silent for so
-- long that their host is gone.
local function find_dead(beats)
  local dead, others, channels = {}, {}, {}
  for incarnation in pairs(beats) do
    if incarnation ~= me then
      others[#others + 1] = incarnation
      channels[#channels + 1] = own .. 'alive:' .. incarnation
    end
  end
  for first = 1, #others, MOST_ARGUMENTS do
    local last = math.min(first + MOST_ARGUMENTS - 1, #others)
    -- ask: a user that may not ask can still tell by the silence.
    local answer = ask('PUBSUB', 'SHARDNUMSUB', unpack(channels, first, last))
    for index = first, last do
      local incarnation, mark = others[index], 'gone.' .. others[index]
      local silent = now - beats[incarnation]
      local memory = call('HMGET', watch_key, mark, 'deaf.' .. incarnation)
      local gone = tonumber(memory[1] or '')
      if answer.err or memory[2] or answer[(index - first + 1) * 2] > 0 then
        if gone then call('HDEL', watch_key, mark) end
        gone = nil
      elseif not gone or gone > now then
        call('HSET', watch_key, mark, timestamp)
        gone = now
      end
      local is_gone = gone and now - gone >= SWEEP_MS and silent > SILENT_MS
      if is_trusted and (is_gone or silent > LOST_MS) then dead[incarnation] = true end
    end
  end
  return dead
end

-- A job of an earlier connection that the caller never heard of: it was never started.
local function is_lost_take(job)
  if first_take == 0 or job.owner ~= me or not job.token or known[job.id] == job.token then return false end
  return tonumber(string.match(job.token, '%d+$')) < first_take
end

-- Asks for everything that a verdict may change.
local function insist_verdicts()
  insist_places(here, ANYWHERE)
  for _, set in ipairs({ here.failed, here.completed }) do insist('ZCARD', set, 'sorted set') end
  insist('SCARD', here.stalled, 'set')
  insist('HLEN', held_key, 'hash')
  insist_number(here.id)
end

insist('LLEN', here.active, 'list')
local jobs, beats = our_active_jobs(), {}
local flat = call('HGETALL', beat_key)
for at = 1, #flat, 2 do beats[flat[at]] = math.min(tonumber(flat[at + 1]) or 0, now) end
for _, job in ipairs(jobs) do
  if is_sweep and not beats[job.owner] then
    beats[job.owner] = now
    call('HSET', beat_key, job.owner, timestamp)
  end
end
-- Owners that had begun to send a job which was being sent before when a process died. It ran alone.
local had_suspect = {}
for _, job in ipairs(jobs) do
  if job.intent and job.deaths then had_suspect[job.owner] = true end
end
local dead, judged, has_more = is_sweep and find_dead(beats) or {}, 0, {}
for _, job in ipairs(jobs) do
  local is_death = dead[job.owner]
  local is_overdue = is_sweep and job.intent and now > job.intent.deadline
  if judged >= MOST_JUDGED then
    has_more[job.owner] = true
  elseif is_lost_take(job) then
    insist_verdicts()
    judged = judged + 1
    call('HDEL', job.key, 'wqi')
    job.intent = nil
    judge(job, false)
  elseif is_death or is_overdue then
    insist_verdicts()
    judged = judged + 1
    job.is_suspected = is_death and (job.deaths or not had_suspect[job.owner])
    judge(job, is_death)
  end
end
for incarnation in pairs(dead) do
  deaths = deaths + 1
  if not has_more[incarnation] then forget(incarnation) end
end
store_finished(0, leave_parent)
if judged > 0 then trim_events(here) end
wake_workers()
return reply(true)
