-- Bytes went out: the window moves on, and the claimant's page can ask how far it is.
--   ARGV  claim, offset of the first byte, offset after the last that may have arrived,
--         1 when all up to the end were handed out
--   answers  {missing} | {gone, state} | {ok}
if get('claim') ~= ARGV[1] then return {'missing'} end
local state = settle()
if state ~= 'opened' then return {'gone', told(state)} end
set('touched', now)
if tonumber(ARGV[2]) <= number('sent') then -- what comes behind a gap is not yet the whole
  set('sent', math.max(number('sent'), tonumber(ARGV[3])))
  if ARGV[4] == '1' then set('complete', 1) end
end
return {'ok'}
