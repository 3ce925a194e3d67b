-- Appends receipts to their stream.
--   KEYS[1]  the stream
--   ARGV  the oldest moment (ms) that is kept, then for each receipt: secret, occasion, kind, at,
--         owner, ref
--   answers  how many there are
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
for i = 2, #ARGV, 6 do
  redis.call('XADD', KEYS[1], '*', 'secret', ARGV[i], 'occasion', ARGV[i + 1],
    'kind', ARGV[i + 2], 'at', ARGV[i + 3], 'owner', ARGV[i + 4], 'ref', ARGV[i + 5])
end
return redis.call('XLEN', KEYS[1])
