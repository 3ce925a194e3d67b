-- Adds a batch of counts to an hour, once, however often it is sent.
--   KEYS[1]  the hour: a hash of counts, and of `batch:<process>`, the last batch of each process
--   ARGV  process, batch (a number that grows), when it may vanish (ms), then names and amounts
--   answers  1 when they were added, 0 when they had been
local from = 'batch:' .. ARGV[1]
if tonumber(redis.call('HGET', KEYS[1], from) or 0) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], from, ARGV[2])
for i = 4, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return 1
