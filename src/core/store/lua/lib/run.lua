-- Makes one run of a job scheduler: an ordinary job, whose id and options say which scheduler and which slot it is of.

-- The run is { name, data (JSON or ''), opts (JSON without the closing brace), priority, lifo ("1"), is_cron }, for the
-- slot at `slot` ms; one that is past runs now.
local function create_run(scheduler, id, slot, now, run)
  local delay = math.max(slot - now, 0)
  local opts = run.opts .. ',"jobId":' .. cjson.encode(id) .. ',"delay":' .. int(delay) .. ',"timestamp":' .. int(now)
  if run.is_cron then opts = opts .. ',"prevMillis":' .. int(slot) end
  create_job(here, id, {
    name = run.name, data = run.data == '' and '{}' or run.data, opts = opts .. '}', timestamp = now, delay = delay,
    priority = tonumber(run.priority) or 0, lifo = run.lifo == '1', more = { 'rjk', scheduler },
  })
  trim_events(here)
end
