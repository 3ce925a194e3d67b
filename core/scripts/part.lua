-- Says of an event that it may be answered as a part of a whole.
--   KEYS[1]  the event's mark
--   ARGV  the mark of the whole, how long to remember in ms
--   answers  1
redis.call('HSET', KEYS[1], 'whole', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
