-- Destroys a paused queue, a bounded number of jobs at a time; called again until nothing is left.
--
-- ARGV
--   3 force  "1": even while workers have jobs
--   4 most   jobs to destroy in this call
-- Returns { code, destroyed }: code 1 all gone, 0 call again, -1 not paused, -2 workers have jobs.
local force, most = ARGV[3] == '1', tonumber(ARGV[4])
for _, list in ipairs({ here.wait, here.paused, here.active }) do insist('LLEN', list, 'list') end
for _, set in ipairs({ here.prioritized, here.delayed, here.completed, here.failed, here.children, here.schedulers }) do
  insist('ZCARD', set, 'sorted set')
end
insist('HLEN', own .. 'aside', 'hash')
insist('HLEN', here.meta, 'hash')
if call('HEXISTS', here.meta, 'paused') == 0 then return { -1, 0 } end
if not force and call('EXISTS', here.active) == 1 then return { -2, 0 } end

local destroyed = 0
local function destroy(ids)
  local locks = {}
  for _, id in ipairs(ids) do
    locks[#locks + 1] = base .. id .. ':lock'
    -- Left behind, it would swallow jobs that are added to the new queue. ask: the key may hold another type.
    local deduplication_id = ask('HGET', base .. id, 'deid')
    if type(deduplication_id) == 'string' then free_deduplication(here, id, deduplication_id) end
  end
  each_key('DEL', locks)
  delete_jobs(here, ids)
  destroyed = destroyed + #ids
end
for _, list in ipairs({ here.wait, here.paused, here.active }) do
  while destroyed < most do
    local ids = call('LPOP', list, math.min(most - destroyed, MOST_ARGUMENTS))
    if not ids then break end
    destroy(ids)
  end
end
for _, set in ipairs({ here.prioritized, here.delayed, here.completed, here.failed, here.children }) do
  while destroyed < most do
    local ids = call('ZRANGE', set, 0, math.min(most - destroyed, MOST_ARGUMENTS) - 1)
    if #ids == 0 then break end
    call('ZREMRANGEBYRANK', set, 0, #ids - 1)
    destroy(ids)
  end
end
if destroyed >= most then return { 0, destroyed } end

for _, scheduler in ipairs(call('ZRANGE', here.schedulers, 0, -1)) do call('DEL', base .. 'repeat:' .. scheduler) end
call('DEL', here.counter, here.marker, here.meta, here.events, here.id, here.stalled, here.stalled_check, here.schedulers, here.limiter)
for _, name in ipairs({ 'metrics:completed', 'metrics:failed', 'metrics:completed:data', 'metrics:failed:data' }) do
  call('DEL', base .. name)
end
for _, key in ipairs(call('HKEYS', own .. 'aside')) do call('DEL', own .. 'aside:' .. key) end
call('DEL', here.rate, here.pace, here.counters)
call('DEL', own .. 'pause', own .. 'relapses', own .. 'aside', own .. 'held', own .. 'beat', own .. 'watch', own .. 'epoch')
return { 1, destroyed }
