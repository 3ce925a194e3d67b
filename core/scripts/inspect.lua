-- What a sender's proof lets see: asked before the latch, which only the sender may then take.
--   ARGV  proof: the owner's mark, or the hash of the revoke token
--   answers  {missing} | {ok, state, limit}
if not proves(ARGV[1]) then return {'missing'} end
return {'ok', told(settle()), number('limit')}
