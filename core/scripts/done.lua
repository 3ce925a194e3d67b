-- The recipient has it: burned, confirmed.
--   ARGV  claim
--   answers  {missing} | {ok, limit, 1 when a blob may lie in the store}
if get('claim') ~= ARGV[1] then return {'missing'} end
local state = settle()
local stored = get('blob') and 0 or 1
if state == 'opened' then
  finish('burned', 'opened')
elseif state ~= 'burned' then
  return {'missing'}
end
return {'ok', number('limit'), stored}
