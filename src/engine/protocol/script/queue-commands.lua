-- The commands that respect the queues of their keys. Parameters are named as in commands.json.

-- Acquires free keys even if others wait for them. `place` is "" for a caller that does not wait. A reader that waits to
-- become the writer keeps out even readers that pass all other waiters.
function commands.acquireBarging(token, ttl, place)
  return settlePlaces(isShared and denialByUpgrade(token) or commands.acquire(token, ttl), place)
end

-- Acquires the keys if no other waiter's turn has come, and waits in their queues otherwise.
function commands.acquireOrWait(token, ttl, place)
  local denied = denialByQueues(token, place)
  if not denied then return commands.acquireBarging(token, ttl, place) end
  return first < last and settlePlaces(denied, place) or denied
end

-- The same for a caller that does not wait.
function commands.acquireInTurn(token, ttl)
  return denialByQueues(token, '') or commands.acquire(token, ttl)
end

-- Releases the keys, leaves their queues, and wakes the first waiter of each.
function commands.releaseLeaveAndWake(token, placeId)
  local reply = commands.release(token)
  for index = first, last do withQueue(queueOf(index), leaveAndWake, placeId, KEYS[index]) end
  wakeUpgrader()
  return reply
end

-- The same for a caller that has no place.
function commands.releaseAndWake(token) return commands.releaseLeaveAndWake(token, '') end

-- Releases the keys but keeps them for `rest` ms, and leaves their queues. Nobody is woken.
function commands.releaseLeaveAndKeep(token, rest, placeId)
  local reply = commands.releaseAndKeep(token, rest)
  for index = first, last do withQueue(queueOf(index), leaveQueue, placeId) end
  return reply
end

-- Releases keys that a minority of the nodes granted, and takes the places again that the grant has left. Nobody is woken.
function commands.releaseAndWait(token, place)
  local reply = commands.release(token)
  for index = first, last do pcall(joinQueue, queueOf(index), place, serverTime()) end
  return reply
end

-- Leaves the queues, for an acquisition that gives up its place, and releases what a minority of the nodes may have granted
-- it. Nobody is woken for a key that was released here. `placeId` is "" for a caller that has no place.
function commands.releaseAndLeave(token, placeId)
  local reply = commands.release(token)
  if placeId == '' then return reply end
  for index = first, last do
    if reply == 1 then withQueue(queueOf(index), leaveQueue, placeId)
    else withQueue(queueOf(index), leaveAndWake, placeId, KEYS[index]) end
  end
  wakeUpgrader()
  return reply
end
