-- Gives the one place to an upload, for a lease.
--   ARGV  the SHA-256 of the token, the id that the upload's secret gets, lease in ms
--   answers {missing} | {over, state} | {busy, ms} another upload has it
--           {ok, asking, owner, ids of uploads that died}
if get('token') ~= ARGV[1] then return {'missing'} end
local state = settle()
if state ~= 'open' then return {'over', state} end
local taker, earlier = get('taker'), get('earlier') or ''
if taker and taker ~= ARGV[2] then
  if busy_for() > 0 then return {'busy', busy_for()} end
  earlier = earlier .. taker
  set('earlier', earlier)
end
set('taker', ARGV[2], 'till', now + tonumber(ARGV[3]))
return {'ok', get('asking'), get('owner'), earlier}
