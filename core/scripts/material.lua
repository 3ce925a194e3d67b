-- What a sender who brings the link needs in order to wrap the file key anew. Changes nothing.
--   ARGV  verifier, proof
--   answers  {missing} | {gone, state} | {claimed}
--            {ok, profile, share, salt, password_salt, wrapped, size, limit, meta, revision}
if not holds_key(ARGV[1]) or not proves(ARGV[2]) then return {'missing'} end
local state = settle()
if over(state) or state == 'opened' then return {'gone', told(state)} end
if state == 'claimed' then return {'claimed'} end
return {'ok', unpack(redis.call('HMGET', record,
  'profile', 'share', 'salt', 'password_salt', 'wrapped', 'size', 'limit', 'meta', 'revision'))}
