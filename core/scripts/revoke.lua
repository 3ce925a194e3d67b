-- Called only when the latch says that it was revoked: nobody received anything, nobody will.
--   ARGV  the receipt: 'revoked' (by its sender, as where nothing is given), 'withdrawn' (by the operator)
--   answers  {missing} | {gone, state} | {ok}
if redis.call('EXISTS', record) == 0 then return {'missing'} end
settle()
local state = get('state') -- whatever the clock says: the latch decides
if state == 'revoked' then return {'ok'} end
if over(state) or state == 'opened' then return {'gone', told(state)} end
finish('revoked', ARGV[1] or 'revoked')
return {'ok'}
