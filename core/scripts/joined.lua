-- Runs several scripts as one step, each on a key of its own; the first may refuse all that follows.
--   KEYS  the key of each
--   ARGV  for each, how many arguments it has, then these
--   answers  {the answer of each}; nothing, where the first one refused
local parts = {
--PARTS
}
local answers, at = {}, 1
for n, part in ipairs(parts) do
  local last = at + tonumber(ARGV[at])
  redis.set_repl(redis.REPL_ALL)
  local answer = part({KEYS[n]}, {unpack(ARGV, at + 1, last)})
  if type(answer) == 'table' and answer.err then return answer end
  --ASK
  answers[n], at = answer, last + 1
end
return answers
