-- The sender moves the moment at which an unopened secret goes.
--   ARGV  proof, lifetime in ms from now on (the limit holds whatever is wished)
--   answers  {missing} | {gone, state} | {claimed} (somebody is about to open it) | {ok, expires}
if not proves(ARGV[1]) then return {'missing'} end
local state = settle()
if over(state) or state == 'opened' then return {'gone', told(state)} end
if state == 'claimed' then return {'claimed'} end
local expires = math.min(now + tonumber(ARGV[2]), number('limit'))
set('expires', expires)
keep_until(expires + LEASE)
return {'ok', expires}
