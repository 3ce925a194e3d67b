-- The commit of a new secret: its blob is durable already.
--   ARGV  lifetime in ms, then the record's fields and values
--   answers  {ok, expires}          written, now or by an earlier try whose reply was lost
--            {taken}                another record has this id
local fields = {}
for i = 2, #ARGV, 2 do fields[ARGV[i]] = ARGV[i + 1] end

if redis.call('EXISTS', record) == 1 then
  if holds_key(fields['verifier']) then return {'ok', number('expires')} end
  return {'taken'}
end
local expires = math.min(now + tonumber(ARGV[1]), tonumber(fields['limit']))
set('state', 'ready', 'created', now, 'expires', expires, 'revision', 0, unpack(ARGV, 2))
keep_until(expires + LEASE)
return {'ok', expires}
