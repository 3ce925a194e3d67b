-- Tells whoever has the token, or is the owner, where it stands.
--   ARGV  proof: the SHA-256 of the token, or the owner's mark
--   answers {missing}
--           {ok, state, ms that an upload under way may keep it, expires, asking,
--            1 while its link waits for whoever asked}
if not proves(ARGV[1]) then return {'missing'} end
local state = settle()
local busy = state == 'open' and busy_for() or 0
return {'ok', state, busy, number('expires'), get('asking'), redis.call('HEXISTS', invitation, 'link')}
