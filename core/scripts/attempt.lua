-- Takes one of the five slots before a password is evaluated, so that no more than five ever are.
--   ARGV  verifier, claim, attempt (random, made by the server for this one evaluation)
--   answers  {missing} | {gone, state} | {taken, ms left} | {locked} | {open} (has no password)
--            {go, profile, share, salt, password_salt, wrapped, limit}
if not holds_key(ARGV[1]) then return {'missing'} end
local state = settle()
local mine = get('claim') == ARGV[2]
if over(state) then return {'gone', told(state)} end
if state == 'opened' and not mine then return {'gone', 'opened'} end
if state == 'opened' and not get('share') then return {'open'} end
if get('profile') == 'p0' then return {'open'} end
if state == 'claimed' and not mine then return {'taken', number('lease') - now} end
local slot = 'attempt:' .. ARGV[3]
if redis.call('HEXISTS', record, slot) == 0 then
  if locked() then return {'locked'} end
  redis.call('HINCRBY', record, 'tries', 1)
  set(slot, revision() .. ':' .. now)
end
local material = redis.call('HMGET', record,
  'profile', 'share', 'salt', 'password_salt', 'wrapped', 'limit')
return {'go', unpack(material)}
