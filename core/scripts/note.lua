-- Has the sweeper look at a secret soon, where its index knows it. Kept in memory alone, as claims
-- are: a Redis that restarts forgets both.
--   ARGV  when (ms), the secret's id (raw)
--   answers  0
redis.set_repl(redis.REPL_NONE)
return redis.call('ZADD', KEYS[1], 'XX', 'LT', ARGV[1], ARGV[2])
