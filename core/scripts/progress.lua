-- How far the claimant's own download is.
--   ARGV  claim
--   answers  {missing} | {ok, state, sent, complete, ms until the window ends}
if get('claim') ~= ARGV[1] then return {'missing'} end
local state = settle()
if get('claim') ~= ARGV[1] then return {'missing'} end -- its lease was over
local left = state == 'opened' and window_end() - now or 0
return {'ok', told(state), number('sent'), number('complete'), left}
