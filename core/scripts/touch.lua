-- Bytes went out: the window moves on, and the claimant's page can ask how far it is.
--   ARGV  claim, offset after the last byte handed out, 1 when that was the end
--   answers  {missing} | {gone, state} | {ok}
if get('claim') ~= ARGV[1] then return {'missing'} end
local state = settle()
if state ~= 'opened' then return {'gone', told(state)} end
set('touched', now, 'sent', math.max(number('sent'), tonumber(ARGV[2])))
if ARGV[3] == '1' then set('complete', 1) end
return {'ok'}
