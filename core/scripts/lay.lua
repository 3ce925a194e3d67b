-- Lays down one piece of a blob that is being written; the last one makes it whole.
--   KEYS[1]  the blob: a hash of its pieces by number, and of its size once it is whole
--   ARGV  number, piece, ms after which a half-written blob goes by itself,
--         then with the last piece: size in bytes, until when (ms) the whole blob is kept
--   answers  1, or 0 when pieces before the last are missing, or another blob is there
local size = redis.call('HGET', KEYS[1], 'size')
if size then -- whole by an earlier try, whose reply was lost
  return size == ARGV[4] and redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] and 1 or 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if not ARGV[4] then return 1 end
if redis.call('HLEN', KEYS[1]) ~= ARGV[1] + 1 then return 0 end
redis.call('HSET', KEYS[1], 'size', ARGV[4])
redis.call('PEXPIREAT', KEYS[1], ARGV[5])
return 1
