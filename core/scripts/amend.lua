-- Notes where whoever asks is told, once that is known: the message that holds the invitation.
--   ARGV  the owner's mark, asking (sealed)
--   answers 1 when it was noted, else 0
if get('owner') ~= ARGV[1] then return 0 end
set('asking', ARGV[2])
return 1
