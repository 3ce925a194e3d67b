-- One event of a platform makes one secret, however often the platform tells it.
--   KEYS[1]  the event's mark: a hash {id, state, until}
--   ARGV  id for the new secret, lease in ms, how long to remember in ms
--   answers  {new} | {again, id of the try that ended unanswered} | {working, ms left} | {answered}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, state, till = unpack(redis.call('HMGET', KEYS[1], 'id', 'state', 'until'))

if state == 'answered' then return {'answered'} end
if id == ARGV[1] then return {'new'} end
if state == 'working' and now < tonumber(till) then return {'working', tonumber(till) - now} end
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'state', 'working', 'until', now + tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if state == 'working' then return {'again', id} end
return {'new'}
