-- Comes before every script that touches an invitation.
--   KEYS[1]  the invitation: a hash; all times in it are milliseconds of Redis' own clock. All
--            invitations, their lists and streams share one slot, so that one step writes them.
-- Fields: a newer server may write more of them, which change nothing for who does not know them.
--   v         the layout of all the others; what is newer than VERSION is left alone
--   state     open | used | revoked | expired
--   token     SHA-256 of the token in its link
--   owner                        who asks, as a mark: written once
--   asking    what is shown, and where whoever asks is told; sealed under the server's key
--   created, expires, ended
--   taker     which upload has the one place: the id that its secret gets
--   till      when that upload counts as dead, unless it says otherwise
--   earlier   ids of uploads that died: something may be left of each
--   link      what was handed in, sealed under the server's key, until its door has told it

local VERSION = 1
local TOMBSTONE = 24 * 60 * 60 * 1000

local invitation = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function get(field) return redis.call('HGET', invitation, field) end
local function number(field) return tonumber(get(field) or 0) end
local function set(...) redis.call('HSET', invitation, ...) end

-- Nobody may take for granted what a layout means that they never saw.
if number('v') > VERSION then return redis.error_reply('NEWER version of an invitation') end

local function finish(state)
  set('state', state, 'ended', now)
  redis.call('PEXPIREAT', invitation, now + TOMBSTONE)
end

-- How long (ms) the upload that has the place keeps it without another word.
local function busy_for() return math.max(0, number('till') - now) end

-- Does what the clock has decided, and answers the state; an upload under way may still end well.
local function settle()
  if get('state') == 'open' and now >= number('expires') and busy_for() == 0 then
    finish('expired')
  end
  return get('state')
end

local function proves(proof) return get('token') == proof or get('owner') == proof end
