-- Jobs that run again at a person's word: what promote_jobs and retry_jobs share.

-- Puts jobs to the end of their lines: those of the ids that stand in set_key, whose name as a state is `previous`. `refuse` is
-- asked for a status that keeps a job where it is, or is nil; `change` readies the job. Returns a status an id, 1 back in line, 0
-- no such job, -1 not in that set, or what refuse said; and the ids that are back in line.
local function run_again(ids, set_key, previous, refuse, change)
  insist_places(here, ANYWHERE)
  insist('ZCARD', set_key, 'sorted set')
  local statuses, changed = {}, {}
  for index, id in ipairs(ids) do
    local key = base .. id
    local status = is_job(id) and (refuse and refuse(id) or -1) or 0
    if status == -1 and call('ZREM', set_key, id) == 1 then
      status, changed[#changed + 1] = 1, id
      change(id, key)
      line_up(here, id, tonumber(call('HGET', key, 'priority') or 0) or 0, 'LPUSH')
      announce_waiting(here, id, previous)
    end
    statuses[index] = status
  end
  if #changed > 0 then mark_ready(here) end
  trim_events(here)
  return statuses, changed
end
