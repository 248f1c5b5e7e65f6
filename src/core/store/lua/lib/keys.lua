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
--  18 rate              HASH    max, duration_ms: set by `wq queues set --rate`, read by take; no expiry
--  19 pace              STRING  the last start that was granted, us of the server's clock; expires a minute after it
--  20 counters          HASH    missing_hash: ids that were removed because they had no job; no expiry
-- ARGV
--   1 base              <prefix>:<queue>: — a job's hash is base .. id, its lock base .. id .. ":lock"
--   2 own               wq:<prefix>:<queue>:
local wait_key, active_key, prioritized_key, counter_key, delayed_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local completed_key, failed_key, children_key, paused_key, marker_key = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local meta_key, events_key, id_key, limiter_key, stalled_key = KEYS[11], KEYS[12], KEYS[13], KEYS[14], KEYS[15]
local stalled_check_key, repeat_key, rate_key, pace_key, counters_key = KEYS[16], KEYS[17], KEYS[18], KEYS[19], KEYS[20]
local base, own = ARGV[1], ARGV[2]
local call = redis.call
