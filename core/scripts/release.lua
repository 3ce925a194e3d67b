-- The point of no return: called only for the claim that the latch names, before its first byte.
--   ARGV  claim, resume (the file key, sealed for this claim and key; '' for none)
--   answers  {missing} | {gone, state} | {ok, salt, meta}
if redis.call('EXISTS', record) == 0 then return {'missing'} end
settle()
local state = get('state') -- whatever the clock says: the latch decides
if over(state) then return {'gone', told(state)} end
if state == 'opened' and get('claim') ~= ARGV[1] then return {'gone', 'opened'} end
if state ~= 'opened' then opened_by(ARGV[1]) end
if get('share') then shred_key() end
if ARGV[2] ~= '' then set('resume', ARGV[2]) end
return {'ok', get('salt'), get('meta')}
