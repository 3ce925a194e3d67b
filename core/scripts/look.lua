-- Tells whether an event was answered, or is at work. Changes nothing.
--   KEYS[1]  the event's mark
--   ARGV  nothing, or the mark of a part: then of that, as far as it belongs to this whole
--   answers  {answered | working | free, ms left at work, the whole that it may be a part of}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state, till, parts, whole =
  unpack(redis.call('HMGET', KEYS[1], 'state', 'until', 'parts', 'whole'))
if ARGV[1] and not string.find(parts or '', ARGV[1], 1, true) then return {'free', 0, ''} end
if state == 'answered' then return {state, 0, ''} end
if state == 'working' and now < tonumber(till) then
  return {state, tonumber(till) - now, whole or ''}
end
return {'free', 0, whole or ''}
