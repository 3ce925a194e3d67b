-- Comes before every script that touches a record.
--   KEYS[1]  the record: a hash; all times in it are milliseconds of Redis' own clock
-- Fields
--   state     ready | claimed | opened | burned | expired | revoked
--   verifier  says who holds the key; compared first (a hash of a hash: its timing tells nothing)
--   profile, share, salt, password_salt, wrapped, meta   key material; shredded as the life goes on
--   size, limit, created, expires, owner, revoke          written once (expires may be moved)
--   claim, lease                                          who reserved or opened it, until when
--   opened, touched, sent, complete, resume               the window
--   tries, attempt:<id>, lapsed, unlocked                 what counts towards the lock

local LEASE = 60 * 1000
local WINDOW = 15 * 60 * 1000
local LONGEST_WINDOW = 6 * 60 * 60 * 1000
local TOMBSTONE = 24 * 60 * 60 * 1000
local ATTEMPTS = 5
local LAPSES = 10
local UNLOCKS = 3

local record = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function get(field) return redis.call('HGET', record, field) end
local function number(field) return tonumber(get(field) or 0) end
local function set(...) redis.call('HSET', record, ...) end

local function attempts_left() return math.max(0, ATTEMPTS - number('tries')) end

local function window_end()
  return math.min(number('touched') + WINDOW, number('opened') + LONGEST_WINDOW)
end

local function keep_until(moment) redis.call('PEXPIREAT', record, moment + TOMBSTONE) end

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

local function finish(state)
  shred_key()
  redis.call('HDEL', record, 'salt', 'meta', 'resume')
  set('state', state, 'ended', now)
  keep_until(now)
end

-- Does what the clock has decided since somebody last looked, and answers the state now.
local function settle()
  local state = get('state')
  if state == 'claimed' and now >= number('lease') then
    set('state', 'ready')
    redis.call('HDEL', record, 'claim', 'lease')
    redis.call('HINCRBY', record, 'lapsed', 1)
    state = 'ready'
  end
  if state == 'ready' and now >= number('expires') then
    finish('expired')
  elseif state == 'opened' and now >= window_end() then
    finish('burned')
  end
  return get('state')
end

local function over(state)
  return state == 'burned' or state == 'expired' or state == 'revoked'
end

-- What people are told: a burned secret was opened.
local function told(state) return state == 'burned' and 'opened' or state end

local function locked() return attempts_left() == 0 or number('lapsed') >= LAPSES end

local function holds_key(verifier) return get('verifier') == verifier end

-- The latch's winner has it, whatever the record thought before.
local function hand_out(claim)
  shred_key()
  set('state', 'opened', 'claim', claim, 'opened', now, 'touched', now)
  keep_until(now + LONGEST_WINDOW)
end
