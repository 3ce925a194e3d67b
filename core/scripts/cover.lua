-- Says which events are answered with a whole, once that is; of an earlier try nothing is left.
--   KEYS[1]  the mark of the whole
--   ARGV  this try's id, the marks of the parts
--   answers  1, or 0 when the whole is no longer this try's
local id, state = unpack(redis.call('HMGET', KEYS[1], 'id', 'state'))
if id ~= ARGV[1] or state ~= 'working' then return 0 end
redis.call('HSET', KEYS[1], 'parts', ARGV[2])
return 1
