-- The tempo: how much of its rate a queue uses after a provider asked for less. It is halved at each such word and recovers by a
-- tenth of the full rate a minute; nothing runs for that, it follows from the server's clock.
--
-- Fields of wq:<prefix>:<queue>:rate, which take reads anyway; written by slow_down:
--   tempo        thousandths of the rate, at the moment
--   tempo_since  ms
--   tempo_max, tempo_window  starts in so many ms: the rate that was seen then, halved where no rate is set at all
local RECOVERY_MS = 10 * 60 * 1000

-- The part of the rate in force now, from over 0 to 1.
local function tempo_share(tempo, since)
  tempo = tonumber(tempo or '')
  if not tempo then return 1 end
  local now = server_time()
  return math.min(1, tempo / 1000 + math.max(now - (tonumber(since or 0) or 0), 0) / RECOVERY_MS)
end
