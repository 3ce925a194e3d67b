-- Makes an invitation.
--   ARGV  lifetime in ms, the list of its owner's invitations, its id, then fields and values
--   answers {ok, expires}   made, now or by an earlier try whose reply was lost
--           {taken}         another invitation has this id
local fields = {}
for i = 4, #ARGV, 2 do fields[ARGV[i]] = ARGV[i + 1] end
if redis.call('EXISTS', invitation) == 1 then
  if get('token') == fields['token'] then return {'ok', number('expires')} end
  return {'taken'}
end
local expires = now + tonumber(ARGV[1])
set('state', 'open', 'created', now, 'expires', expires, unpack(ARGV, 4))
redis.call('PEXPIREAT', invitation, expires + TOMBSTONE)
redis.call('ZREMRANGEBYSCORE', ARGV[2], '-inf', now - TOMBSTONE)
redis.call('ZADD', ARGV[2], expires, ARGV[3])
redis.call('PEXPIRE', ARGV[2], math.max(redis.call('PTTL', ARGV[2]), expires + TOMBSTONE - now))
return {'ok', expires}
