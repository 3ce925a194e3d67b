-- One event of a platform makes one secret, however often the platform tells it.
--   KEYS[1]  the event's mark: a hash {id, state, until, earlier} and perhaps {parts} or {whole}
--   ARGV  id for the new secret, lease in ms, how long to remember in ms, and, where the event was
--         handled as a part of a whole that does not stand in its way, that whole's mark
--   answers  {ours, ids of all earlier tries: something may be left of each} | {answered}
--            {part, whole}  it may have been answered with the whole that this mark belongs to
--            {working, ms left}  another try is at work (also told to one that was overtaken)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, state, till, earlier, whole =
  unpack(redis.call('HMGET', KEYS[1], 'id', 'state', 'until', 'earlier', 'whole'))

if state == 'answered' then return {'answered'} end
if whole and whole ~= ARGV[4] then return {'part', whole} end
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
