-- A reader that becomes the writer, and back. Parameters are named as in commands.json.

-- A denial because another reader waits to become the writer already: the hash is followed by "!".
local function upgradeRefusal(index)
  local refused = denial(index, read(KEYS[index]))
  refused[5] = string.gsub(refused[5], '&$', '') .. '!'
  return refused
end

-- Gives the keys to the reader alone, once no other reader holds them. Until then the reader waits in front of all others in the queues,
-- which keeps out new readers. Only one reader at a time can wait to become the writer.
function commands.upgrade(token, ttl, place)
  local denied = denialUnless(token)
  if denied then return denied end
  local now, id = serverTime(), string.match(place, ' (.+)$')
  for index = first, last do
    local other = withQueue(queueOf(index), upgraderIn)
    if other and other ~= id then return upgradeRefusal(index) end
    if not denied and call('GET', KEYS[index]) == sharedForm and hasOtherReaders(index, token, now) then
      denied = denial(index, sharedForm)
    end
  end
  if denied then
    for index = first, last do joinQueue(queueOf(index), place, now) end
    return denied
  end
  rememberLong(ttl)
  for index = first, last do
    local left = math.max(readsUntil(index, token) - now, tonumber(ttl))
    if call('GET', KEYS[index]) == token then extend(KEYS[index], ttl)
    else call('SET', KEYS[index], token, 'PX', exact(left)) end
    call('DEL', readersOf(index))
    withQueue(queueOf(index), leaveQueue, id)
  end
  return 1
end

-- Makes the writer a reader again, for the time that its keys have left, and leaves the queues.
function commands.downgrade(token, placeId)
  for index = first, last do
    local key, left = KEYS[index], call('PTTL', KEYS[index])
    if call('GET', key) == token and left > 0 then
      call('DEL', readersOf(index))
      call('SET', key, sharedForm, 'PX', exact(left))
      call('ZADD', readersOf(index), exact(serverTime() + left), token)
      call('PEXPIRE', readersOf(index), exact(left))
    end
    withQueue(queueOf(index), leaveAndWake, placeId, key)
  end
  return denialUnless(token) or 1
end
