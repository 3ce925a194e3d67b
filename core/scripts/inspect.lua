-- What a sender's proof lets see; asked before the latch too, which only the sender may then take.
--   ARGV  proof: the owner's mark, or the hash of the revoke token
--   answers  {missing} | {ok, state, limit, profile, attempts left, created, expires, ended or 0,
--                         size, unlocks left}
if not proves(ARGV[1]) then return {'missing'} end
local state = settle()
local ended = number('ended')
if state == 'expired' then ended = math.max(ended, number('expires')) end
if state == 'ready' and locked() then state = 'locked' end
return {'ok', told(state), number('limit'), get('profile'), attempts_left(), number('created'),
  number('expires'), ended, number('size'), UNLOCKS - number('unlocked')}
