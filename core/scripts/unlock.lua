-- Gives the attempts and the lapsed claims back; a lock that comes back each time stays in the end.
--   ARGV  proof: the owner's mark, or the hash of the revoke token
--   answers  {missing} | {gone, state} | {spent} | {ok}  (also where nothing is locked: a repeat)
if not proves(ARGV[1]) then return {'missing'} end
local state = settle()
if over(state) or state == 'opened' then return {'gone', told(state)} end
if not locked() then return {'ok'} end
if number('unlocked') >= UNLOCKS then return {'spent'} end
redis.call('HINCRBY', record, 'unlocked', 1)
redis.call('HDEL', record, 'lapsed')
forget_attempts()
return {'ok'}
