-- Uses the invitation up: the upload's secret exists, and its link waits for the door.
--   ARGV  the upload's id, the invitation's id, the door's stream, the sealed link
--   answers {missing} | {over, state} | {busy, ms}  the place was lost, and the secret must go
--           {ok}  now, or by an earlier try whose reply was lost
if redis.call('EXISTS', invitation) == 0 then return {'missing'} end
local state, mine = get('state'), get('taker') == ARGV[1]
if state == 'used' and mine then return {'ok'} end
if state ~= 'open' then return {'over', state} end
if not mine then return {'busy', busy_for()} end
set('link', ARGV[4])
finish('used')
redis.call('XTRIM', ARGV[3], 'MINID', now - TOMBSTONE) -- their links are gone with them
redis.call('XADD', ARGV[3], '*', 'invitation', ARGV[2])
return {'ok'}
