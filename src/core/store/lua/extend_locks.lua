-- Renews the locks of jobs that a worker still has.
--
-- ARGV
--   3 lock_ms  how long from now; never shortens a lock
--   4…         two a job: id, token
-- Returns the ids whose lock is gone or somebody else's.
local lost, kept = {}, {}
for at = 4, #ARGV, 2 do
  local key = base .. ARGV[at] .. ':lock'
  -- ask: a key of another type is nobody's lock.
  if ask('GET', key) == ARGV[at + 1] then
    call('PEXPIRE', key, ARGV[3], 'GT')
    kept[#kept + 1] = ARGV[at]
  else
    lost[#lost + 1] = ARGV[at]
  end
end
-- pcall: while the key is of another type no pass over it suspects anybody; the locks must not lapse for it.
pcall(each_chunk, 'SREM', here.stalled, kept)
return lost
