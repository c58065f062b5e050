-- The queue of a key: a sorted set with two members per waiter. The waiter's id has its ticket. "!" .. id has minus the time
-- until which the waiter counts as alive. That time is half a ms less than a whole number for a waiter that waits for several
-- keys and whose own denial has reported that this key is free and kept for it.
--
-- An id reads "process:number" or "process:number:ms". The number of a reader begins with "r", and that of a reader that waits
-- to become the writer, and comes before all others, with "u". The number of a waiter for permits is followed by "w" and the
-- number of permits that the waiter wants. A place reads "ticket id". A member of any other form is no waiter: it
-- is passed over and left alone. A later protocol version with other ids uses other keys, "holdfast:queue2:…".

-- Members of another form that are passed over. Beyond this number the queue counts as empty.
local passedOver = 100

local function isId(member)
  return string.match(member, '^[^!:%s][^:%s]*:[^:%s]+$') or string.match(member, '^[^!:%s][^:%s]*:[^:%s]+:%d+$')
end

-- The queue of the key at this position in KEYS.
local function queueOf(index) return KEYS[index + last - first + 1] end

-- The queue that was found absent last: commands of one batch often share the queue of a semaphore.
local absentQueue

-- Runs an action on a queue. A queue must never cost a vote: where the queue cannot be used, the result is false, the same
-- as for an empty queue.
local function withQueue(queue, action, ...)
  if queue == absentQueue then return false end
  if rawcall('EXISTS', queue) ~= 1 then
    absentQueue = queue
    return false
  end
  local fine, result = pcall(action, queue, ...)
  return fine and result
end

local function joinQueue(queue, place, now)
  absentQueue = nil
  local ticket, id = string.match(place, '^(%d+) (.+)$')
  call('ZADD', queue, ticket, id, exact(-now - PLACE_TTL), '!' .. id)
  call('PEXPIRE', queue, PLACE_TTL)
end

local function leaveQueue(queue, id)
  call('ZREM', queue, id, '!' .. id)
end

-- The queue that was freed of lapsed waiters last.
local freedQueue

-- Removes the waiters that have not renewed their places in time.
local function removeLapsed(queue, now)
  if queue == freedQueue then return end
  freedQueue = queue
  for _, mark in ipairs(call('ZRANGEBYSCORE', queue, exact(-now), 0)) do
    local id = string.sub(mark, 2)
    if string.sub(mark, 1, 1) == '!' and isId(id) then call('ZREM', queue, mark, id) end
  end
end

-- The id of the first waiter, or nil.
local function firstWaiter(queue, now)
  removeLapsed(queue, now)
  local first = call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', 0, 1)[1]
  if not first or isId(first) then return first end
  for _, member in ipairs(call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', 1, passedOver)) do
    if isId(member) then return member end
  end
end

-- Readers that one call wakes together.
local wokenTogether = 100

local function isReader(id) return string.find(id, '^[^:]*:r') ~= nil end
local function isUpgrader(id) return string.find(id, '^[^:]*:u') ~= nil end

-- The number of permits that a waiter wants, or nil for a waiter that wants none.
local function weightOf(id) return tonumber(string.match(id, '^[^:]*:%w*w(%d+)')) end

-- Tells a waiter, once, that the key is free. From then on its place is kept only for its reservation. Returns whether the
-- waiter had been told before.
local function wake(queue, id, now)
  local alive = tonumber(call('ZSCORE', queue, '!' .. id))
  if not alive or alive % 1 ~= 0 then return false end
  local kept = tonumber(string.match(id, '^[^:]*:[^:]*:(%d+)$')) or RESERVATION
  if -alive <= now + kept then return true end
  call('ZADD', queue, exact(-now - kept), '!' .. id)
  rawcall('PUBLISH', WAKE_CHANNEL_PREFIX .. string.match(id, '^[^:]*'), id)
  return false
end

-- Wakes the waiters up to the first that is no reader.
local function wakeReaders(queue, now)
  for _, member in ipairs(call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', 0, wokenTogether)) do
    if isReader(member) then wake(queue, member, now)
    elseif isId(member) then return end
  end
end

-- Wakes whoever may go next, once the key is free: the first waiter, and if that is a reader, the readers behind it. Of the
-- waiters for permits, wakes the first that has not been told yet.
local function wakeFirst(queue, now)
  local first = firstWaiter(queue, now)
  if not first then return end
  if isReader(first) then return wakeReaders(queue, now) end
  if not wake(queue, first, now) or not weightOf(first) then return end
  for _, id in ipairs(call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', 0, passedOver)) do
    if isId(id) and not wake(queue, id, now) then return end
  end
end

-- Wakes whoever may go next. `value`: that of the key. If readers hold the key, only readers may.
local function wakeNext(queue, value, now)
  if value == false then return wakeFirst(queue, now) end
  local id = value == SHARED_FORM and firstWaiter(queue, now)
  if id and isReader(id) then wakeReaders(queue, now) end
end

-- Leaves the queue, and wakes whoever may go next.
local function leaveAndWake(queue, id, key)
  if id ~= '' then leaveQueue(queue, id) end
  wakeNext(queue, rawcall('GET', key), serverTime())
end

-- Whether somebody who is no reader stands in the queue in front of this waiter; in the whole queue for "".
local function hasWriterBefore(queue, id)
  local from = 0
  repeat
    local members = call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', from, wokenTogether)
    for _, member in ipairs(members) do
      if member == id then return false end
      if isId(member) and not isReader(member) then return true end
    end
    from = from + wokenTogether
  until #members < wokenTogether
  return false
end
