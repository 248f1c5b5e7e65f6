-- What the end of a deduplicated job sets free: its deduplication id, and the job that was kept for this moment.

-- Where the kept job belongs, from the options that it was added with; damaged ones fail it when it is taken.
local function read_start(opts)
  local is_json, options = pcall(cjson.decode, opts)
  if not is_json or type(options) ~= 'table' then return 0, 0, false end
  local delay, priority = tonumber(options.delay) or 0, tonumber(options.priority) or 0
  return math.max(delay, 0), math.max(priority, 0), options.lifo == true
end

-- BullMQ's own rules: an id without a TTL goes with its owner; the kept job is stored whoever owns the id by now, under the
-- id that it was added with, and owns it without a TTL.
local function finish_deduplication(queue, id, deduplication_id, now)
  local key, next_key = queue.base .. 'de:' .. deduplication_id, queue.base .. 'dn:' .. deduplication_id
  -- ask: either key may be of another type; it is left as it is, and the job ends all the same.
  if call('PTTL', key) < 1 and ask('GET', key) == id then call('DEL', key) end
  local kept = ask('HMGET', next_key, 'name', 'data', 'opts', 'jid', 'pk', 'pd', 'pdk', 'rjk')
  if kept.err or not (kept[1] or kept[2] or kept[3]) then return end
  call('DEL', next_key)
  local number = call('INCR', queue.id)
  local next_id = kept[4] or int(number)
  if is_reserved(next_id) or call('EXISTS', queue.base .. next_id) == 1 then
    call('XADD', queue.events, '*', 'event', 'duplicated', 'jobId', next_id)
    return
  end
  call('SET', key, next_id)
  local more = { 'deid', deduplication_id }
  for field, value in pairs({ parentKey = kept[5] or nil, parent = kept[6] or nil, rjk = kept[8] or nil }) do
    more[#more + 1] = field
    more[#more + 1] = value
  end
  local opts = kept[3] or '{}'
  local delay, priority, lifo = read_start(opts)
  create_job(queue, next_id, {
    name = kept[1] or '', data = kept[2] or '{}', opts = opts, timestamp = now, delay = delay, priority = priority, lifo = lifo,
    more = more,
  })
  if kept[7] then ask('SADD', kept[7], queue.base .. next_id) end
end
