-- The record follows a latch that whoever asks does not hold. Its holder may have received nothing
-- yet, and come back with the link alone: so the key material stays until they do, or the window ends.
--   ARGV  claim of the latch
--   answers  {missing} | {gone, state} | {ok}
if redis.call('EXISTS', record) == 0 then return {'missing'} end
settle()
local state = get('state') -- whatever the clock says: the latch decides
if over(state) then return {'gone', told(state)} end
if state == 'opened' and get('claim') ~= ARGV[1] then return {'gone', 'opened'} end
if state ~= 'opened' then opened_by(ARGV[1]) end
return {'ok'}
