-- What whoever holds the key may know before opening.
--   ARGV  verifier
--   answers  {missing} | {ok, state, profile, attempts left, expires, size}
if not holds_key(ARGV[1]) then return {'missing'} end
local state = settle()
if state == 'ready' and locked() then state = 'locked' end
return {'ok', told(state), get('profile'), attempts_left(), number('expires'), number('size')}
