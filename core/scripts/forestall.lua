-- Keeps a creation that was given up from being finished later: its id is taken from now on.
--   answers  1 when nothing had been created, else 0
if redis.call('EXISTS', record) == 1 then return 0 end
finish('revoked')
return 1
