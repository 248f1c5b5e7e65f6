-- The keys of one queue. Every script gets the same KEYS and the same first two ARGV, so that a name means one thing.
--
-- KEYS, BullMQ's (<prefix>:<queue>:…); other programs read and write them too
--   1 wait              LIST    ids; pushed at the left, next to run at the right
--   2 active            LIST    ids in processing; newest at the left
--   3 prioritized       ZSET    id -> priority * 2^32 + insertion number
--   4 pc                STRING  the insertion number; removed whenever prioritized is found empty
--   5 delayed           ZSET    id -> due ms * 4096 + order within that ms
--   6 completed         ZSET    id -> finished ms
--   7 failed            ZSET    id -> finished ms: the dead letters
--   8 waiting-children  ZSET    id -> ms it entered
--   9 paused            LIST    where BullMQ 4 and 5 park the wait list
--  10 marker            ZSET    "0" -> 0: something may be ready; "1" -> ms when the next delayed job is due
--  11 meta              HASH    paused, concurrency, max, duration, opts.maxLenEvents, version, library
--  12 events            STREAM  what happened, for QueueEvents
--  13 id                STRING  counts add attempts
--  14 limiter           STRING  starts in the present window of BullMQ's rate limit; expires with it
--  15 stalled           SET     ids that were active at the last stalled pass
--  16 stalled-check     STRING  throttles that pass
--  17 repeat            ZSET    scheduler id -> next run ms
-- KEYS, ours (wq:<prefix>:<queue>:…); only wq reads and writes them
--  18 rate              HASH    max, duration_ms: set by `wq queues set --rate`; tempo…: lib/tempo.lua; asides: how many
--                               campaigns and templates stepped aside (lib/aside.lua); read by take; no expiry
--  19 pace              STRING  the last start that was granted, us of the server's clock; expires a minute after it
--  20 counters          HASH    missing_hash: ids that were removed because they had no job; parents_not_told: children
--                               that ended without their parent's being told, the reason in their field wqparent;
--                               metrics_not_counted: jobs that finished beside a damaged key of BullMQ's metrics;
--                               recipients_damaged: how often a job was put off for its recipient's key; no expiry.
--                               Written by note_problem, read by `wq metrics`
-- ARGV
--   1 base              <prefix>:<queue>: — a job's hash is base .. id, its lock base .. id .. ":lock"
--   2 own               wq:<prefix>:<queue>:
local base, own = ARGV[1], ARGV[2]
-- A command that fails ends the call; asked, it returns what is wrong as { err = text }.
local call, ask = redis.call, redis.pcall

-- The queue of this call, its keys by name.
local here = {
  base = base, wait = KEYS[1], active = KEYS[2], prioritized = KEYS[3], counter = KEYS[4], delayed = KEYS[5],
  completed = KEYS[6], failed = KEYS[7], children = KEYS[8], paused = KEYS[9], marker = KEYS[10], meta = KEYS[11],
  events = KEYS[12], id = KEYS[13], limiter = KEYS[14], stalled = KEYS[15], stalled_check = KEYS[16], schedulers = KEYS[17],
  rate = KEYS[18], pace = KEYS[19], counters = KEYS[20],
}

-- Whether an id is the name of a key that stands where the keys of jobs stand, or whose parts (`metrics:failed`, `de:failed`) do:
-- no job may have it (core::model::id has the same). Neither Node nor BullMQ keeps anybody from it, so that a line may hold one.
-- Made when it is first asked: few calls do.
local reserved
local function all_reserved()
  reserved = reserved or {
    wait = true, active = true, prioritized = true, pc = true, delayed = true, completed = true, failed = true, paused = true,
    ['waiting-children'] = true, marker = true, meta = true, events = true, id = true, limiter = true, stalled = true,
    ['stalled-check'] = true, ['repeat'] = true, metrics = true, de = true, dn = true,
    ['metrics:completed'] = true, ['metrics:failed'] = true,
  }
  return reserved
end
local function is_reserved(id) return all_reserved()[id] end

-- Another queue that this call has to change, a parent's, by what its keys begin with: BullMQ's keys alone, by the same
-- names. It is in the same slot of a cluster, or the server refuses the first command on it.
local function queue_at(other)
  if other == base then return here end
  return {
    base = other, wait = other .. 'wait', active = other .. 'active', prioritized = other .. 'prioritized',
    counter = other .. 'pc', delayed = other .. 'delayed', completed = other .. 'completed', failed = other .. 'failed',
    children = other .. 'waiting-children', paused = other .. 'paused', marker = other .. 'marker', meta = other .. 'meta',
    events = other .. 'events', id = other .. 'id',
  }
end
