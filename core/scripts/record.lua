-- Comes before every script that touches a record; the script itself is its one `step`.
--   KEYS[1]  the record: a hash; all times in it are milliseconds of Redis' own clock
--   answers  {the step's answer, {outbox, owner, ref} or nothing}: receipts nobody published yet
-- Fields: a newer server may write more of them, which change nothing for who does not know them.
--   v         the layout of all the others; what is newer than VERSION is left alone
--   state     ready | claimed | opened | burned | expired | revoked
--   verifier  says who holds the key; compared first (a hash of a hash: its timing tells nothing)
--   profile, share, salt, password_salt, wrapped, meta   key material; shredded as the life goes on
--   revision                                              how often the password was changed
--   blob      the sealed bytes, where they are few; otherwise they lie in the blob store
--   size, limit, created, expires, owner, revoke          written once (expires may be moved)
--   ref       where the sender is told, sealed under the server's key
--   claim, lease                                          who reserved or opened it, until when
--   opened, touched, sent, complete, resume               the window
--   tries, attempt:<id>, lapsed, unlocked                 what counts towards the lock
--   outbox    receipts to publish, each `occasion kind time;`: an occasion is told once a secret
--   told      occasions that have been written to the outbox
--   kept      when the record may vanish, unless its outbox still holds something

local VERSION = 1
local LEASE = 60 * 1000
local WINDOW = 15 * 60 * 1000
local LONGEST_WINDOW = 6 * 60 * 60 * 1000
local TOMBSTONE = 24 * 60 * 60 * 1000
local ATTEMPTS = 5
local EVALUATION = 60 * 1000 -- after which whoever evaluated a password must have died
local HELD = 3 -- lapsed leases after which the sender is told
local LAPSES = 10
local UNLOCKS = 3

local record = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function get(field) return redis.call('HGET', record, field) end
local function number(field) return tonumber(get(field) or 0) end
local function set(...) redis.call('HSET', record, ...) end

-- Nobody may take for granted what a layout means that they never saw.
if number('v') > VERSION then return redis.error_reply('NEWER version of a record') end

local function revision() return tostring(number('revision')) end

local function attempts_left() return math.max(0, ATTEMPTS - number('tries')) end

local function window_end()
  return math.min(number('touched') + WINDOW, number('opened') + LONGEST_WINDOW)
end

local function keep_until(moment)
  set('kept', moment + TOMBSTONE)
  if not get('outbox') then redis.call('PEXPIREAT', record, moment + TOMBSTONE) end
end

-- Leaves a receipt for the sender. A record does not vanish before all its receipts are published.
local function receipt(occasion, kind)
  local told = get('told') or ''
  if string.find(told, occasion .. ';', 1, true) then return end
  set('told', told .. occasion .. ';')
  set('outbox', (get('outbox') or '') .. occasion .. ' ' .. kind .. ' ' .. now .. ';')
  redis.call('PERSIST', record)
end

-- A right password gives its slot back, once; true when it was the password of now.
local function give_back(attempt)
  local slot = 'attempt:' .. attempt
  local checked = get(slot)
  if redis.call('HDEL', record, slot) == 0 then return false end
  redis.call('HINCRBY', record, 'tries', -1)
  return string.match(checked, '^(%d+):') == revision()
end

-- With its slot gone, an evaluation that is still under way can give none back.
local function forget_attempts()
  redis.call('HDEL', record, 'tries')
  for _, field in ipairs(redis.call('HKEYS', record)) do
    if string.sub(field, 1, 8) == 'attempt:' then redis.call('HDEL', record, field) end
  end
end

-- What can open the secret goes at the first byte; what names it goes at the end.
local function shred_key()
  redis.call('HDEL', record, 'share', 'wrapped', 'password_salt', 'lease')
  forget_attempts()
end

local function finish(state, kind)
  shred_key()
  redis.call('HDEL', record, 'salt', 'meta', 'resume', 'blob')
  set('state', state, 'ended', now)
  keep_until(now)
  if kind then receipt('end', kind) end
end

local function locked() return attempts_left() == 0 or number('lapsed') >= LAPSES end

-- A password still being evaluated may be right, and give its slot back.
local function evaluating()
  for _, field in ipairs(redis.call('HKEYS', record)) do
    if string.sub(field, 1, 8) == 'attempt:' then
      if now < tonumber(string.match(get(field), ':(%d+)$')) + EVALUATION then return true end
    end
  end
  return false
end

local function tell_lock()
  if locked() and not evaluating() then receipt('locked:' .. number('unlocked'), 'locked') end
end

-- Does what the clock has decided since somebody last looked, and answers the state now. A record
-- whose time is over is told as expired, but ends only by `expire`, as the latch may say otherwise.
local function settle()
  local state = get('state')
  if state == 'claimed' and now >= number('lease') then
    set('state', 'ready')
    redis.call('HDEL', record, 'claim', 'lease')
    if redis.call('HINCRBY', record, 'lapsed', 1) >= HELD then
      receipt('held:' .. number('unlocked'), 'held')
    end
    state = 'ready'
  end
  if state == 'ready' then
    if now >= number('expires') then return 'expired' end
    tell_lock()
  elseif state == 'opened' and now >= window_end() then
    finish('burned', number('complete') == 1 and 'unconfirmed' or 'interrupted')
  end
  return get('state')
end

local function over(state)
  return state == 'burned' or state == 'expired' or state == 'revoked'
end

-- What people are told: a burned secret was opened.
local function told(state) return state == 'burned' and 'opened' or state end

local function holds_key(verifier) return get('verifier') == verifier end

-- A sender's proof: the owner's mark, or the hash of the revoke token.
local function proves(proof) return get('owner') == proof or get('revoke') == proof end

-- The latch's holder has it, whatever the record thought before.
local function opened_by(claim)
  redis.call('HDEL', record, 'lease')
  set('state', 'opened', 'claim', claim, 'opened', now, 'touched', now)
  keep_until(now + LONGEST_WINDOW)
end

-- What nobody published yet, and for whom.
local function waiting()
  local outbox = get('outbox')
  if outbox then return {outbox, get('owner') or '', get('ref') or ''} end
end
