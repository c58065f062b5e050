-- Runs the commands of the batch in order. The tables that describe the commands come from commands.json:
-- argumentCount     by name, the number of arguments in ARGV;
-- heedsQueues       the commands that have a queue per key in KEYS;
-- sharesSideKeys    the commands that have, for all keys together, one queue, one record of the number of permits and one
--                   fence record in KEYS;
-- fencedCommand     by the name of a command whose last argument is a fence, the command to run before the proposal;
-- readsReaders      the commands that have the set of readers per key in KEYS whatever their token;
-- needsNoMemory     the commands that also run where `refusal` is set.
--@command-tables

local function run(name, position)
  local command = commands[fencedCommand[name] or name]
  local one, two, three = ARGV[position + 1], ARGV[position + 2], ARGV[position + 3]
  local reply = command(one, two, three, ARGV[position + 4], ARGV[position + 5], ARGV[position + 6])
  if not fencedCommand[name] or (reply ~= 1 and reply[1] ~= 4) then return reply end
  local fenced = proposeFence(ARGV[position + argumentCount[name]])
  if reply == 1 or fenced[1] ~= 1 then return fenced end
  return { 4, reply[2], reply[3], fenced[2], fenced[3] }
end

local replies = {}
while nextCommand <= #ARGV do
  local name, count = ARGV[nextCommand], 1
  if not argumentCount[name] then
    name, count = string.match(name, '^(%a+)(%d+)$')
    count = tonumber(count)
  end
  first, last = lastKey + 1, lastKey + count
  beforeFences = sharesSideKeys[name] and last + 2 or heedsQueues[name] and last + count or last
  fenceRecords = sharesSideKeys[name] and 1 or count
  isShared = string.sub(ARGV[nextCommand + 1] or '', 1, 2) == '~~'
  if isShared or readsReaders[name] then beforeFences = beforeFences + count end
  local fine, reply = true, refusal
  if not refusal or needsNoMemory[name] then fine, reply = pcall(run, name, nextCommand) end
  if not fine then reply = { -1, type(reply) == 'table' and reply.message or tostring(reply) } end
  replies[#replies + 1] = reply
  lastKey = fencedCommand[name] and beforeFences + fenceRecords + 1 or beforeFences
  nextCommand = nextCommand + 1 + argumentCount[name]
end
return replies
