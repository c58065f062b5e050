-- Permits: the keys of the command are those of some or all permits, of which it takes `weight`, the first free ones in their order.
-- In KEYS, they are followed by the queue of all waiters for these permits and the record of the number of permits.

-- The record that this batch has found or made to have the number, and that number.
local checkedRecord, checkedNumber

-- The number of permits that another process has given lately, or 0 if it is the same.
local function otherNumber(number)
  local record = KEYS[last + 2]
  if record == checkedRecord and number == checkedNumber then return 0 end
  local value = rawcall('GET', record)
  local noted = type(value) == 'string' and tonumber(value)
  local left = noted == number and rawcall('PTTL', record)
  if type(left) ~= 'number' or left < SET_LAPSE - SET_PRECISION then
    rawcall('SET', record, exact(number), 'PX', SET_LAPSE)
  end
  checkedRecord, checkedNumber = record, number
  return noted and noted ~= number and noted or 0
end

-- Whether the permits that are free suffice for the waiters before this one and for `weight` more. Only this many waiters can
-- come before.
local function suffices(queue, id, weight, free, now)
  removeLapsed(queue, now)
  for _, other in ipairs(call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', 0, free + passedOver)) do
    if other == id or free < weight then return free >= weight end
    if isId(other) then free = free - (weightOf(other) or 1) end
  end
  return free >= weight
end

-- Wakes the waiters whose turn it is while this many permits are free: those before `caller`, or all if it is nil.
local function wakeInTurn(queue, free, caller)
  local now = serverTime()
  removeLapsed(queue, now)
  for _, id in ipairs(call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', 0, free + passedOver)) do
    if id == caller then return end
    if isId(id) then
      free = free - (weightOf(id) or 1)
      if free < 0 then return end
      wake(queue, id, now)
    end
  end
end

-- Whether the free permits are for other waiters. Joins the queue if there is a place.
local function isOthersTurn(queue, place, weight, free)
  local now, id = serverTime(), string.match(place, ' (.+)$')
  if place ~= '' then joinQueue(queue, place, now) end
  if suffices(queue, id, weight, free, now) then return false end
  wakeInTurn(queue, free, id)
  return true
end

-- The denial because of the permit that is free first. The permits that are free but kept for other waiters are none.
local function denialOfPermits(kept)
  if kept then return denial(kept, false) end
  local soonest, least
  for index = first, last do
    local left = call('PTTL', KEYS[index])
    if left == -1 then left = math.huge end
    if left ~= -2 and (not least or left < least) then soonest, least = index, left end
  end
  return denial(soonest, read(KEYS[soonest]))
end

-- Sets the permits at these positions, or none.
local function setPermits(positions, token, ttl)
  for _, index in ipairs(positions) do rememberLong(ttl, index) end
  for count, index in ipairs(positions) do
    local reply = rawcall('SET', KEYS[index], token, 'PX', ttl)
    if reply.err then
      for done = 1, count - 1 do rawcall('DEL', KEYS[positions[done]]) end
      error({ message = reply.err })
    end
  end
end

-- The value of each permit: false for one that is free, "" for a key of another type.
local function readPermits()
  local values, held = rawcall('MGET', unpack(KEYS, first, last)), 0
  for position = 1, values.err and 0 or #values do
    if values[position] then held = held + 1 end
  end
  -- MGET does not tell keys of other types from absent ones, and a user of the server may be allowed to read single keys only.
  if not values.err and call('EXISTS', unpack(KEYS, first, last)) == held then return values end
  values = {}
  for index = first, last do
    local value, otherType = read(KEYS[index])
    values[#values + 1] = value or otherType and '' or false
  end
  return values
end

-- Takes permits of a semaphore that has this number of `permits`. Permits that hold the token already are taken again. `place` is ""
-- for a caller that does not wait, and `barges` is "1" for a caller that ignores the turns of others.
function commands.acquireAny(token, ttl, weight, permits, place, barges)
  local queue, other, wanted = KEYS[last + 1], otherNumber(tonumber(permits)), tonumber(weight)
  local taken, free = {}, {}
  for position, value in ipairs(readPermits()) do
    local index = first + position - 1
    if value == token then taken[#taken + 1] = index
    elseif not value then free[#free + 1] = index end
  end
  local missing = math.max(0, wanted - #taken)
  local isDenied = missing > #free
  if missing > 0 and barges ~= '1' then
    isDenied = withQueue(queue, isOthersTurn, place, missing, #free) or isDenied
  end
  if isDenied then
    if place ~= '' then pcall(joinQueue, queue, place, serverTime()) end
    local denied = denialOfPermits(missing <= #free and free[1])
    denied[7] = other
    return denied
  end
  for index = 1, missing do taken[#taken + 1] = free[index] end
  setPermits(taken, token, ttl)
  local positions = ''
  for _, index in ipairs(taken) do positions = positions .. ' ' .. exact(index - first + 1) end
  if place ~= '' then withQueue(queue, leaveQueue, string.match(place, ' (.+)$')) end
  if #free > missing then withQueue(queue, wakeInTurn, #free - missing) end
  return { 4, positions, other }
end
