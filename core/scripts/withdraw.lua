-- Revokes an invitation that was not used. An upload under way comes to nothing.
--   ARGV  the owner's mark
--   answers {missing} | {ok} | {over, state}
if get('owner') ~= ARGV[1] then return {'missing'} end
local state = settle()
if state == 'open' then finish('revoked') end
return (state == 'open' or state == 'revoked') and {'ok'} or {'over', state}
