-- Takes a claim back that our own failure keeps from being used; it does not count as lapsed.
--   ARGV  claim
--   answers  1 when it was there, else 0
if get('state') ~= 'claimed' or get('claim') ~= ARGV[1] then return 0 end
set('state', 'ready')
redis.call('HDEL', record, 'claim', 'lease')
settle()
return 1
