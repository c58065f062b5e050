-- Shared holders of a key, its readers. A shared token begins with "~~".
--
-- While readers hold a key, its value is the shared form. This form is no token, so that every client takes the key for
-- somebody else's lock; its remaining time covers the longest reader. Beside the key, a sorted set has one member per reader:
-- the token, with the time until which it holds the key. The set counts only while the key has the shared form: whoever finds
-- the key absent deletes the set. A reader that has become the writer is no member any more, and the key has its token.

local sharedForm = SHARED_FORM

-- Owners that one report names.
local reportedReaders = 100

-- The set of readers of the key at this position in KEYS.
local function readersOf(index) return KEYS[beforeFences - last + index] end

-- The time until which the token holds the key as a reader, or 0.
local function readsUntil(index, token)
  return tonumber(rawcall('ZSCORE', readersOf(index), token)) or 0
end

-- The value of a key as the command sees it. In the name of a shared token (or of one of two): this token if it holds the
-- key, and false, as if the key were absent, if only other readers hold it.
local function view(index, token, other)
  local value, otherType = read(KEYS[index])
  if not isShared or value ~= sharedForm then return value, otherType end
  local now = serverTime()
  if readsUntil(index, token) > now then return token end
  if other and readsUntil(index, other) > now then return other end
  return false
end

-- The time until which the last of the readers holds the key, or 0.
local function lastReaderUntil(index)
  return tonumber(call('ZREVRANGEBYSCORE', readersOf(index), '+inf', 0, 'WITHSCORES', 'LIMIT', 0, 1)[2]) or 0
end

-- Up to two of the tokens that hold the key as readers.
local function someReaders(index, now)
  return call('ZRANGEBYSCORE', readersOf(index), '(' .. exact(now), '+inf', 'LIMIT', 0, 2)
end

-- Whether readers with other tokens hold the key.
local function hasOtherReaders(index, token, now)
  local found = someReaders(index, now)
  return #found == 2 or found[1] ~= nil and found[1] ~= token
end

-- Adapts the remaining time of a key to its readers. A key without readers is deleted.
local function coverReaders(index, now)
  local key, readers, left = KEYS[index], readersOf(index), lastReaderUntil(index) - now
  if left <= 0 then return call('DEL', key, readers) end
  call('PEXPIRE', key, exact(left))
  if call('PTTL', readers) < left then call('PEXPIRE', readers, exact(left)) end
end

-- Removes some of the readers that hold the key no longer: more than one write adds.
local function forgetExpired(readers, now)
  local expired = call('ZRANGEBYSCORE', readers, '-inf', exact(now), 'LIMIT', 0, 8)
  for _, token in ipairs(expired) do call('ZREM', readers, token) end
end

-- Lets the token hold the key for at least `ttl` ms. The key must be absent, have the shared form, or hold the token.
local function holdShared(index, token, ttl)
  local key, readers, now = KEYS[index], readersOf(index), serverTime()
  local value = call('GET', key)
  if value == token then return extend(key, ttl) end
  if value then forgetExpired(readers, now) else call('DEL', readers) end
  local left = math.max(readsUntil(index, token) - now, tonumber(ttl))
  call('ZADD', readers, exact(now + left), token)
  if value then extend(key, left) else call('SET', key, sharedForm, 'PX', exact(left)) end
  if call('PTTL', readers) < left then call('PEXPIRE', readers, exact(left)) end
end

-- Replaces the reader `from` by `token`, which holds the key until this time. Returns false unless readers hold the key.
local function replaceReader(index, from, token, ends)
  if call('GET', KEYS[index]) ~= sharedForm then return false end
  call('ZREM', readersOf(index), from)
  call('ZADD', readersOf(index), exact(ends), token)
  coverReaders(index, serverTime())
  return true
end

-- Ends the hold of the token, which holds the key.
local function drop(index, token)
  if not isShared then return call('DEL', KEYS[index]) end
  if call('GET', KEYS[index]) ~= sharedForm then return call('DEL', KEYS[index], readersOf(index)) end
  call('ZREM', readersOf(index), token)
  coverReaders(index, serverTime())
end

-- The values that a report has about the readers of a key: how many there are, and a line for each of the first of them: the
-- remaining time in ms, a hash of the token, "+" or "-" for whether the reader is kept after its release, and the owner. Without
-- readers it is "-", because some clients give null for an empty string.
local function describeReaders(index, value)
  if value ~= sharedForm then return 0, '-' end
  local now, lines, count = serverTime(), {}, 0
  local found = call('ZREVRANGEBYSCORE', readersOf(index), '+inf', '(' .. exact(now), 'WITHSCORES')
  for at = 1, #found, 2 do
    count = count + 1
    local owner, random = string.match(found[at], '^~~([^~]*)~([%w_-]+)$')
    local kept = random and string.match(random, '^kept%-(%x+)$')
    local hash = string.sub(kept or redis.sha1hex(found[at]), 1, 16)
    if count <= reportedReaders then
      lines[count] = exact(found[at + 1] - now) .. ' ' .. hash .. ' ' .. (kept and '+' or '-') .. ' ' .. (owner or '')
    end
  end
  return count, count > 0 and table.concat(lines, '\n') or '-'
end

-- The denial because of the first key that holds neither of these values (false: the key is absent), or nil if each key
-- holds one of them.
local function denialUnless(one, other)
  for index = first, last do
    local value, otherType = view(index, other or one, one)
    if otherType or (value ~= one and value ~= other) then return denial(index, value, otherType) end
  end
end

local function set(index, token, ttl) call('SET', KEYS[index], token, 'PX', ttl) end

-- Sets all keys of the command, or none.
local function setAll(token, ttl)
  for index = first, last do
    local fine, problem = pcall(isShared and holdShared or set, index, token, ttl)
    if not fine then
      for done = first, index - 1 do drop(done, token) end
      error(problem)
    end
  end
end

