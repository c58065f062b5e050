-- The commands that ignore the queues. Parameters are named as in commands.json.

local commands = {}

local function extendHold(index, token, ttl)
  if isShared then holdShared(index, token, ttl) else extend(KEYS[index], ttl) end
end

-- Sets the keys if each is free or already holds the token.
function commands.acquire(token, ttl)
  if not isShared and first == last and not isLong(ttl) and call('SET', KEYS[first], token, 'PX', ttl, 'NX') then return 1 end
  local denied = denialUnless(false, token)
  if denied then return denied end
  rememberLong(ttl)
  setAll(token, ttl)
  return 1
end

-- Extends keys that hold the token.
function commands.renew(token, ttl)
  local denied = denialUnless(token)
  if denied then return denied end
  rememberLong(ttl)
  for index = first, last do extendHold(index, token, ttl) end
  return 1
end

-- The same as renewEach, for shared tokens.
local function renewShared(tokens, ttl)
  local others, index = { 3 }, first
  for token in string.gmatch(tokens, '[^\n]+') do
    if view(index, token) == token then extendHold(index, token, ttl)
    else others[#others + 1] = index - first + 1 end
    index = index + 1
  end
  return #others == 1 and 1 or others
end

-- Extends each key that holds its token, and replies with the positions of the other keys. The keys belong to many locks, so
-- what one of them holds must not matter to the others. `tokens` has one token a line.
function commands.renewEach(tokens, ttl)
  -- The keys of a group are all shared, or none of them is.
  if isShared then return renewShared(tokens, ttl) end
  local values = rawcall('MGET', unpack(KEYS, first, last))
  -- Usually each key holds its token, which one comparison tells, because no token contains a line break.
  local allExist, held = pcall(table.concat, values, '\n')
  if allExist and held == tokens then
    for index = first, last do extend(KEYS[index], ttl) end
    return 1
  end
  local others, index = { 3 }, 0
  for token in string.gmatch(tokens, '[^\n]+') do
    local key = KEYS[first + index]
    index = index + 1
    -- A user of the server may be allowed to read single keys only.
    local value = values.err and rawcall('GET', key) or values[index]
    if value == token then extend(key, ttl) else others[#others + 1] = index end
  end
  return #others == 1 and 1 or others
end

-- Extends keys that hold the token, and sets keys that are absent.
function commands.heal(token, ttl)
  local denied = denialUnless(false, token)
  if denied then return denied end
  rememberLong(ttl)
  for index = first, last do
    if isShared or not call('SET', KEYS[index], token, 'PX', ttl, 'NX') then extendHold(index, token, ttl) end
  end
  return 1
end

-- Compare-and-set: keys that hold `from` now hold the token. A longer remaining time stays.
function commands.swap(token, ttl, from)
  local denied = denialUnless(from, token)
  if denied then return denied end
  rememberLong(ttl)
  for index = first, last do
    local ends = isShared and math.max(readsUntil(index, from), readsUntil(index, token), serverTime() + ttl)
    if not isShared or not replaceReader(index, from, token, ends) then
      local left = call('PTTL', KEYS[index])
      call('SET', KEYS[index], token, 'PX', left > tonumber(ttl) and exact(left) or ttl)
    end
  end
  return 1
end

-- Undoes a swap: keys that hold `from` hold the token again, for no longer than `ttl`.
function commands.giveBack(token, ttl, from)
  local denied = denialUnless(from)
  if denied then return denied end
  for index = first, last do
    local ends = isShared and math.min(readsUntil(index, from), serverTime() + ttl)
    if not isShared or not replaceReader(index, from, token, ends) then
      local left = math.max(1, math.min(call('PTTL', KEYS[index]), tonumber(ttl)))
      call('SET', KEYS[index], token, 'PX', exact(left))
    end
  end
  return 1
end

-- Only checks that the keys hold the token: the fence is proposed after every command that has one.
function commands.fence(token)
  return denialUnless(token) or 1
end

-- Compare-and-delete. Keys that hold the token are deleted, even if others do not. A key that has other readers stays.
function commands.release(token)
  local reply = 1
  for index = first, last do
    local value, otherType = view(index, token)
    if value == token then
      drop(index, token)
      local left = isShared and longLeases and call('PTTL', KEYS[index]) or -2
      if left > 0 then shortenLong(KEYS[index], left) else forgetLong(KEYS[index]) end
    elseif reply == 1 then reply = denial(index, value, otherType) end
  end
  return reply
end

-- Compare-and-shorten: keys that hold the token expire after `rest` ms at the latest, and nobody is told. Until then they
-- are kept, in a form that no command in the name of the token can change.
function commands.releaseAndKeep(token, rest)
  local reply = 1
  for index = first, last do
    local value, otherType = view(index, token)
    if value == token then
      local ends = isShared and math.min(readsUntil(index, token), serverTime() + rest)
      if not isShared or not replaceReader(index, token, keptForm(token), ends) then keep(KEYS[index], token, rest) end
      shortenLong(KEYS[index], isShared and call('PTTL', KEYS[index]) or rest)
    elseif reply == 1 then reply = denial(index, value, otherType) end
  end
  return reply
end

-- The report of who holds the keys. `namesReaders`: also which readers share them.
local function report(namesReaders)
  local reply = { 2 }
  for index = first, last do
    local value, otherType = read(KEYS[index])
    for _, field in ipairs({ describe(KEYS[index], value, otherType) }) do reply[#reply + 1] = field end
    local count, readers = 0, '-'
    if namesReaders then count, readers = describeReaders(index, value) end
    reply[#reply + 1], reply[#reply + 2] = count, readers
  end
  return reply
end

-- Reports who holds the keys. Changes nothing.
function commands.inspect() return report(false) end

-- The same, with the readers of the keys.
function commands.inspectReaders() return report(true) end
