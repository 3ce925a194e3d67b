-- Tells whoever has the token, or is the owner, where it stands.
--   ARGV  proof: the SHA-256 of the token, or the owner's mark
--   answers {missing} | {ok, state, ms that an upload under way may keep it, expires, asking}
if not proves(ARGV[1]) then return {'missing'} end
local state = settle()
return {'ok', state, state == 'open' and busy_for() or 0, number('expires'), get('asking')}
