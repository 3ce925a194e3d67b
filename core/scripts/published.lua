-- Takes receipts that were published out of the outbox.
--   ARGV  the outbox as it was when they were published ('' for none)
--   answers  {1 when nothing is left to do for this record, ever; else 0,
--             1 when this call took them out, 0 when another did before}
local outbox = get('outbox') or ''
local taken = 0
if outbox ~= '' and string.sub(outbox, 1, #ARGV[1]) == ARGV[1] then
  outbox = string.sub(outbox, #ARGV[1] + 1)
  taken = 1
  if outbox ~= '' then
    set('outbox', outbox)
  else
    redis.call('HDEL', record, 'outbox')
    redis.call('PEXPIREAT', record, get('kept'))
  end
end
if outbox ~= '' then return {0, taken} end
local state = get('state')
return {(not state or over(state)) and 1 or 0, taken}
