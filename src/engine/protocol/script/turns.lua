-- Whose turn it is, and the places of a command that waits.

-- The denial because it is another waiter's turn at this key, or false. Joins the queue if there is a place.
local function denialByTurn(queue, index, token, place)
  local now = serverTime()
  if place ~= '' then joinQueue(queue, place, now) end
  local id, own = firstWaiter(queue, now), string.match(place, ' (.+)$') or ''
  if not id or id == own then return false end
  -- Readers pass each other, but no writer.
  if isShared and not hasWriterBefore(queue, own) then return false end
  if view(index, token) == token then return false end
  local value, otherType = read(KEYS[index])
  if not otherType then wakeNext(queue, value, now) end
  return denial(index, value, otherType)
end

-- The same for several keys. A key that is held is named in preference to a key that is kept for another waiter.
local function denialByTurns(token, place)
  local byHolder, byTurn = denialUnless(false, token), false
  for index = first, last do
    local denied = withQueue(queueOf(index), denialByTurn, index, token, place)
    byTurn = byTurn or denied
  end
  return byHolder or byTurn
end

local function denialByQueues(token, place)
  if first < last then return denialByTurns(token, place) end
  return withQueue(queueOf(first), denialByTurn, first, token, place)
end

-- Takes or keeps the place in the queue of a key that was denied, or that is free but was denied together with others.
local function keepPlace(queue, index, place)
  local now = serverTime()
  joinQueue(queue, place, now)
  if first == last then return end
  local id = string.match(place, ' (.+)$')
  if call('EXISTS', KEYS[index]) == 1 or firstWaiter(queue, now) ~= id then return end
  call('ZADD', queue, string.format('%.1f', 0.5 - now - PLACE_TTL), '!' .. id)
end

-- Leaves all queues of the command if it was granted, and keeps its places if it was not. Returns the reply.
local function settlePlaces(reply, place)
  if place == '' then return reply end
  local id = string.match(place, ' (.+)$')
  for index = first, last do
    if reply == 1 then withQueue(queueOf(index), isShared and leaveAndWake or leaveQueue, id, KEYS[index]) else pcall(keepPlace, queueOf(index), index, place) end
  end
  return reply
end

-- The reader that waits to become the writer, or nil. Its ticket is the lowest.
local function upgraderIn(queue)
  local id = firstWaiter(queue, serverTime())
  return id and isUpgrader(id) and id
end

-- The denial of a new reader because another reader waits to become the writer, or nil.
local function denialByUpgrade(token)
  for index = first, last do
    if withQueue(queueOf(index), upgraderIn) and view(index, token) ~= token then return denial(index, read(KEYS[index])) end
  end
end

-- Wakes the reader that waits to become the writer, once it is the only reader.
local function wakeUpgrader()
  if not isShared then return end
  for index = first, last do
    local id, now = withQueue(queueOf(index), upgraderIn), serverTime()
    if id and #someReaders(index, now) == 1 then wake(queueOf(index), id, now) end
  end
end
