-- Notes where the sender is told: the message that holds the link is known only once it was sent.
--   ARGV  proof, ref (sealed)
--   answers  1 when it was noted, else 0
if not proves(ARGV[1]) then return 0 end
set('ref', ARGV[2])
return 1
