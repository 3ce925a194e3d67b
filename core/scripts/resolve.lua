-- The password was wrong: the slot stays used up. A slot never resolved is used up just so.
--   ARGV  attempt
--   answers  attempts left
redis.call('HDEL', record, 'attempt:' .. ARGV[1])
if get('state') then settle() end
return attempts_left()
