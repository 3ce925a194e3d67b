-- The bytes of a waiting secret are not where they should be: its sender is told, once.
--   answers  1 when it was waiting, else 0
if redis.call('EXISTS', record) == 0 then return 0 end
local state = settle()
if state ~= 'ready' and state ~= 'claimed' then return 0 end
receipt('lost', 'lost')
return 1
