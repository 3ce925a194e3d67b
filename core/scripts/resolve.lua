-- The password was wrong: the slot stays used up. A slot never resolved is used up just so.
--   ARGV  attempt
--   answers  attempts left
redis.call('HDEL', record, 'attempt:' .. ARGV[1])
return attempts_left()
