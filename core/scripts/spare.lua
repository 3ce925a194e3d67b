-- Writes what must be known even where memory is short; a plain command would be refused there.
--   KEYS[1]  what it writes to
--   ARGV  the command, then what comes after the key
--   answers  as the command does
return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
