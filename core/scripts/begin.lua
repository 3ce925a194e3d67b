-- One event of a platform makes one secret, however often the platform tells it.
--   KEYS[1]  the event's mark: a hash {id, state, until, earlier}
--   ARGV  id for the new secret, lease in ms, how long to remember in ms
--   answers  {ours, ids of all earlier tries: something may be left of each} | {answered}
--            {working, ms left}  another try is at work (also told to one that was overtaken)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, state, till, earlier =
  unpack(redis.call('HMGET', KEYS[1], 'id', 'state', 'until', 'earlier'))

if state == 'answered' then return {'answered'} end
earlier = earlier or ''
if id == ARGV[1] then return {'ours', earlier} end
local overtaken = string.find(earlier, ARGV[1], 1, true)
if overtaken or state == 'working' and now < tonumber(till) then
  return {'working', math.max(0, tonumber(till) - now)}
end
earlier = earlier .. (id or '')
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'state', 'working',
  'until', now + tonumber(ARGV[2]), 'earlier', earlier)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'ours', earlier}
