-- The latch's holder has all of it, in one piece: release and done, in one step.
--   ARGV  claim
--   answers  {missing} | {gone, state} | {ok, 1 when a blob may lie in the store}
if redis.call('EXISTS', record) == 0 then return {'missing'} end
settle()
local state = get('state') -- whatever the clock says: the latch decides
local mine = get('claim') == ARGV[1]
local stored = get('blob') and 0 or 1
if state == 'burned' and mine then return {'ok', stored} end
if over(state) then return {'gone', told(state)} end
if state == 'opened' and not mine then return {'gone', 'opened'} end
if state ~= 'opened' then opened_by(ARGV[1]) end
finish('burned', 'opened')
return {'ok', stored}
