-- Writes down what is said of a job while it runs.
--
-- ARGV
--   3 kind  "log": one more line in its log, of which the last opts.kl are kept (all without that)
--           "progress": how far it is, replaced each time; with an event
--   4 id
--   5 text  the line, or JSON
-- Returns 1, or 0 when there is no such job.
local kind, id, text = ARGV[3], ARGV[4], ARGV[5]
local key = base .. id
if not is_job(id) then return 0 end
local opts = call('HGET', key, 'opts')
insist('XLEN', here.events, 'stream')
insist('LLEN', key .. ':logs', 'list')
if kind == 'progress' then
  call('HSET', key, 'progress', text)
  call('XADD', here.events, '*', 'event', 'progress', 'jobId', id, 'data', text)
  trim_events(here)
else
  call('RPUSH', key .. ':logs', text)
  local readable, options = pcall(cjson.decode, opts or '')
  local kept = readable and type(options) == 'table' and tonumber(options.kl) or 0
  if kept >= 1 then call('LTRIM', key .. ':logs', int(-math.floor(kept)), -1) end
end
return 1
