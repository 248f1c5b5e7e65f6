-- Takes one job although the queue is paused: with it the worker whose turn it is finds out whether the provider is back.
--
-- ARGV
--   3…     as in take_jobs; want is taken for 1
--   last   prober, whose turn it has to be
-- Returns what take() in lib/take.lua returns.
local prober = ARGV[#ARGV]
insist_pause()
local was_paused = is_paused()
local is_turn = not was_paused or call('HGET', pause_key, 'prober') == prober
if is_turn then facts_of(here)[1] = false end
local taken = take(1, read_how(4))
-- The others go on waiting.
if is_turn and was_paused then call('DEL', here.marker) end
return taken
