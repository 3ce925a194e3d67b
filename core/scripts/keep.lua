-- Moves an event's mark on, if it still is this try's.
--   KEYS[1]  the event's mark
--   ARGV  id, state: working (and the lease in ms) | answered | failed (free for another try)
--   answers  1 when it was and is at work, else 0
local id, was = unpack(redis.call('HMGET', KEYS[1], 'id', 'state'))
-- A "working" that was under way when the try ended may come last: it changes nothing then.
if id ~= ARGV[1] or was ~= 'working' then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'until', now + tonumber(ARGV[3]))
return 1
