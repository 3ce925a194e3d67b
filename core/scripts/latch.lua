-- Takes the latch of a secret whose blobs lie in Redis, unless it is taken.
--   KEYS[1]  the latch: a text that says who holds it
--   ARGV  who wants it, until when (ms) it is kept
--   answers  who holds it now
local held = redis.call('GET', KEYS[1])
if held then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
return ARGV[1]
