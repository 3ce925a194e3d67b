-- What the operator may see, who has neither key nor proof. Changes nothing.
--   answers  {missing} | {over} | {ok, state, created, expires, size, ref}
local state = get('state')
if not state then return {'missing'} end
if state == 'claimed' and now >= number('lease') then state = 'ready' end
if state == 'ready' and now >= number('expires') then
  state = 'expired'
elseif state == 'ready' and locked() then
  state = 'locked'
end
if over(state) then return {'over'} end
return {'ok', state, number('created'), number('expires'), number('size'), get('ref') or ''}
