-- The sender changes the password: the file key, wrapped anew, takes the place of the old one.
--   ARGV  verifier, proof, revision that was unwrapped, attempt that proved the old password (''
--         where there was none), then profile, share, salt, password_salt, wrapped, meta
--   answers  {missing} | {gone, state} | {claimed} | {changed} | {ok}  (also to a repeat)
if not holds_key(ARGV[1]) or not proves(ARGV[2]) then return {'missing'} end
if ARGV[4] ~= '' then give_back(ARGV[4]) end
local state = settle()
if over(state) or state == 'opened' then return {'gone', told(state)} end
if get('wrapped') == ARGV[9] then return {'ok'} end
if state == 'claimed' then return {'claimed'} end
if revision() ~= ARGV[3] then return {'changed'} end
set('profile', ARGV[5], 'share', ARGV[6], 'salt', ARGV[7], 'password_salt', ARGV[8],
  'wrapped', ARGV[9], 'meta', ARGV[10])
redis.call('HINCRBY', record, 'revision', 1)
return {'ok'}
