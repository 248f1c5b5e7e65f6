-- Just before jobs are sent: writes that this is what their worker does next, and says which of them it may.
--
-- ARGV
--   3 fence        as in take_jobs: h, r, l
--   4 deadline_ms  so long after its intent nobody may still be sending a job
--   5 gap_us       between two starts, 0 without a rate
--   6 slack_us     how much later than granted the starts of a window together may be
--   7…             three a job: id, token, the start it was granted, us of the server's clock (0 none)
-- Returns { now us, one number a job }: 0 it may be sent; -1 it is no longer this worker's; else the us until its new start, since
-- the old one has passed: then it has no intent and has to be asked for again.
local now, now_us = server_time()
local fence = { policy = ARGV[3], deadline_ms = tonumber(ARGV[4]) }
local gap, slack = tonumber(ARGV[5]), tonumber(ARGV[6])
local tail = intent_tail(fence, now)
local jobs, locks = {}, {}
for at = 7, #ARGV, 3 do
  jobs[#jobs + 1] = { key = base .. ARGV[at], token = ARGV[at + 1], slot = tonumber(ARGV[at + 2]) }
  locks[#locks + 1] = base .. ARGV[at] .. ':lock'
end
if #jobs == 0 then return { now_us, {} } end
if gap > 0 then insist_number(here.pace) end

local answers = {}
for index, lock in ipairs(call('MGET', unpack(locks))) do
  local job = jobs[index]
  -- ask: what is no job any more must not keep the others from being sent.
  local ats = lock == job.token and ask('HGET', job.key, 'ats')
  if type(ats) ~= 'string' then
    answers[index] = -1
  elseif gap > 0 and job.slot > 0 and now_us > job.slot + slack / 2 then
    clear_intent(job.key)
    answers[index] = math.max(math.ceil(reserve_slot(now_us, gap)), 1)
  else
    call('HSET', job.key, 'wqi', job.token .. ':' .. ats .. tail)
    if fence.policy ~= 'r' then call('PEXPIRE', locks[index], HELD_LOCK_MS, 'GT') end
    answers[index] = 0
  end
end
return { now_us, answers }
