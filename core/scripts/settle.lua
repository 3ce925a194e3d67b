-- What the clock decided, for the sweeper.
--   answers  {missing} | {state, limit, when to look again (0: never),
--            1 when its blob lies here, 1 when the latch must say whether it may expire}
if redis.call('EXISTS', record) == 0 then return {'missing'} end
local state = settle()
local due = number('expires')
if state == 'claimed' then due = number('lease') end
if state == 'opened' then due = window_end() end
if state == 'ready' and evaluating() then due = math.min(due, now + EVALUATION) end
local asks = state == 'expired' and get('state') ~= 'expired'
if over(state) and not asks then due = 0 end
return {state, number('limit'), due, get('blob') and 1 or 0, asks and 1 or 0}
