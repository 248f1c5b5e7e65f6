-- After a lost connection: gives back the jobs that a worker took without ever hearing of them.
--
-- ARGV
--   3 owner  beginning of every token of this worker
--   4…       two a job that the worker knows it has: id, token
-- Returns the ids that went back to the front of their lines; they were never started, so their intents go.
local owner, known = ARGV[3], {}
for at = 4, #ARGV, 2 do known[ARGV[at]] = ARGV[at + 1] end
local active = call('LRANGE', here.active, 0, -1)
if #active > 0 then
  insist_places(here, ANYWHERE)
  insist('SCARD', here.stalled, 'set')
end
local reclaimed = {}
-- The left end is the newest: pushed back to the front in this order, the oldest comes to stand first again.
for _, id in ipairs(active) do
  local lock_key = base .. id .. ':lock'
  local lock = call('GET', lock_key)
  if lock and string.sub(lock, 1, #owner) == owner and known[id] ~= lock then
    call('DEL', lock_key)
    call('HDEL', base .. id, 'wqi')
    call('LREM', here.active, 1, id)
    call('SREM', here.stalled, id)
    -- pcall: the key may hold another type; who takes the id next removes it.
    local priority = redis.pcall('HGET', base .. id, 'priority')
    line_up_in_front(here, id, type(priority) == 'string' and tonumber(priority) or 0)
    announce_waiting(here, id, 'active')
    reclaimed[#reclaimed + 1] = id
  end
end
if #reclaimed > 0 then mark_ready(here) end
return reclaimed
