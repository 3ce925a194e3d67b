-- Asked before the latch: is the password that this ticket's holder gave still the one?
--   ARGV  claim, revision of the ticket
--   answers  {missing} | {gone, state} | {changed} | {ok, blob or nil}
if redis.call('EXISTS', record) == 0 then return {'missing'} end
local state = settle()
if over(state) then return {'gone', told(state)} end
if state == 'opened' then
  if get('claim') ~= ARGV[1] then return {'gone', 'opened'} end
elseif revision() ~= ARGV[2] then
  return {'changed'}
end
return {'ok', get('blob')}
