-- Runs the commands of the batch in order. The tables that describe the commands come from commands.json:
-- argumentCount     by name, the number of arguments in ARGV;
-- heedsQueues       the commands that have a queue per key in KEYS;
-- fencedCommand     by the name of a command whose last argument is a fence, the command to run before the proposal;
-- readsReaders      the commands that have the set of readers per key in KEYS whatever their token;
-- needsNoMemory     the commands that also run where `refusal` is set.
--@command-tables

local function run(name, position)
  local command = commands[fencedCommand[name] or name]
  local reply = command(ARGV[position + 1], ARGV[position + 2], ARGV[position + 3])
  if reply ~= 1 or not fencedCommand[name] then return reply end
  return proposeFence(ARGV[position + argumentCount[name]])
end

local replies = {}
while nextCommand <= #ARGV do
  local name, count = ARGV[nextCommand], 1
  if not argumentCount[name] then
    name, count = string.match(name, '^(%a+)(%d+)$')
    count = tonumber(count)
  end
  first, last = lastKey + 1, lastKey + count
  beforeFences = heedsQueues[name] and last + count or last
  isShared = string.sub(ARGV[nextCommand + 1] or '', 1, 2) == '~~'
  if isShared or readsReaders[name] then beforeFences = beforeFences + count end
  local fine, reply = true, refusal
  if not refusal or needsNoMemory[name] then fine, reply = pcall(run, name, nextCommand) end
  if not fine then reply = { -1, type(reply) == 'table' and reply.message or tostring(reply) } end
  replies[#replies + 1] = reply
  lastKey = fencedCommand[name] and beforeFences + count + 1 or beforeFences
  nextCommand = nextCommand + 1 + argumentCount[name]
end
return replies
