-- Keeps the place for an upload that goes on, or gives it back for one that failed.
--   ARGV  the upload's id, lease in ms (0: it failed, and nothing is left of it)
--   answers 1 when the place was its own, else 0
if get('state') ~= 'open' or get('taker') ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('HDEL', invitation, 'taker', 'till')
  settle()
else
  set('till', now + tonumber(ARGV[2]))
end
return 1
