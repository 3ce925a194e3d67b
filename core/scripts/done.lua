-- The recipient has it: burned, confirmed.
--   ARGV  claim
--   answers  {missing} | {ok, limit}
if get('claim') ~= ARGV[1] then return {'missing'} end
local state = settle()
if state == 'opened' then
  finish('burned', 'opened')
elseif state ~= 'burned' then
  return {'missing'}
end
return {'ok', number('limit')}
