-- Forgets a link that whoever asked has now.
--   ARGV  the door's stream, its group of readers, the entry ('' for none: it was fetched)
--   answers 1 when it was still here, else 0
if ARGV[3] ~= '' then
  redis.call('XACK', ARGV[1], ARGV[2], ARGV[3])
  redis.call('XDEL', ARGV[1], ARGV[3])
end
return redis.call('HDEL', invitation, 'link')
