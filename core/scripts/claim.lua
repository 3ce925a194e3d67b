-- Reserves the secret for one recipient's page. Reversible: the lease runs out by itself.
--   ARGV  verifier, claim, attempt whose password was right ('' for none)
--   answers  {missing} | {gone, state} | {taken, ms left} | {locked} | {protected, attempts left}
--            {changed}  the password was changed while it was being checked
--            {opened, resume or nil, size, limit, salt, meta, revision, blob}
--                     this claim received something of it; its window runs
--            {ok, profile, share, salt, password_salt, wrapped, size, limit, meta,
--             revision, blob}
if not holds_key(ARGV[1]) then return {'missing'} end
local claim = ARGV[2]
local proven = false
if ARGV[3] ~= '' then
  -- A right password gives its slot back, whatever the claim is answered.
  proven = give_back(ARGV[3])
end
local state = settle()
local mine = get('claim') == claim
if over(state) then return {'gone', told(state)} end
if state == 'opened' and not mine then return {'gone', 'opened'} end
if state == 'opened' and not get('share') then
  local kept = redis.call('HMGET', record,
    'resume', 'size', 'limit', 'salt', 'meta', 'revision', 'blob')
  return {'opened', unpack(kept)}
end
if state == 'claimed' and not mine then return {'taken', number('lease') - now} end
if state ~= 'opened' and locked() then return {'locked'} end
if get('profile') ~= 'p0' and not proven then
  if ARGV[3] ~= '' and not mine then return {'changed'} end
  -- A repeated call finds its slot given back: the claim itself is the proof then.
  if not (mine and ARGV[3] ~= '') then return {'protected', attempts_left()} end
end
if not mine then
  -- Reversible, so it waits for no disk: a Redis that restarts forgets it, and the latch decides.
  if ARGV[3] == '' then redis.set_repl(redis.REPL_NONE) end
  set('state', 'claimed', 'claim', claim, 'lease', now + LEASE)
end
local material = redis.call('HMGET', record,
  'profile', 'share', 'salt', 'password_salt', 'wrapped', 'size', 'limit', 'meta', 'revision',
  'blob')
return {'ok', unpack(material)}
