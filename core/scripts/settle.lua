-- What the clock decided, for the sweeper.
--   answers  {missing} | {state, limit, when to look again (0: never),
--            1 when its blob lies here}
if redis.call('EXISTS', record) == 0 then return {'missing'} end
local state = settle()
local due = number('expires')
if state == 'claimed' then due = math.max(due, number('lease')) end
if state == 'opened' then due = window_end() end
if over(state) then due = 0 end
return {state, number('limit'), due, get('blob') and 1 or 0}
