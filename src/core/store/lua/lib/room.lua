-- How full a queue may get by an add, for callers that set a limit; others pay nothing for it.

-- How many more jobs may wait, what is scarce ("waiting" or "bytes") and how much of it there is; nil without a limit. Jobs wait
-- whether they are due or not. Memory is that of the whole server, this call's arguments included.
local function room_left(max_waiting, max_bytes)
  if max_bytes > 0 then
    local used = tonumber(string.match(call('INFO', 'memory'), 'used_memory:(%d+)'))
    if used >= max_bytes then return 0, 'bytes', used end
  end
  if max_waiting > 0 then
    local waiting = call('LLEN', here.wait) + call('LLEN', here.paused) + call('ZCARD', here.prioritized)
      + call('ZCARD', here.delayed)
    return math.max(max_waiting - waiting, 0), 'waiting', waiting
  end
end

-- How many of these ids are new: not `known` by their place, nor to the ledger, nor twice in the call. Those that another job
-- may stand for by its deduplication id count as new.
local function count_new(ids, known, ledger)
  local seen, count = {}, 0
  for index, id in ipairs(ids) do
    if not (known[index] or seen[id] or ledger and ledger_has(ledger, id)) then count = count + 1 end
    seen[id] = true
  end
  return count
end
