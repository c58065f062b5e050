-- The record of long leases: a sorted set with two members per lease. "u" .. key has the time until which the key is kept.
-- "s" .. key has minus the time since which the lease is held.

-- Expired leases that one write removes: more than it adds.
local trimmedAtOnce = 8

local function isLong(ttl) return longLeases and tonumber(ttl) > LONGEST_SHORT end

-- Records the lease of each key of the command, or of this key alone, if the lease is long. The record is written before the keys: a lease that
-- cannot be recorded is not granted.
local function rememberLong(ttl, only)
  if not isLong(ttl) then return end
  local now = serverTime()
  local expired = call('ZRANGEBYSCORE', longLeases, '(0', exact(now), 'LIMIT', 0, trimmedAtOnce)
  for _, member in ipairs(expired) do
    call('ZREM', longLeases, member, 's' .. string.sub(member, 2))
  end
  for index = only or first, only or last do
    local key = KEYS[index]
    local ends = call('EXISTS', key) == 1 and call('ZSCORE', longLeases, 'u' .. key)
    if not ends then call('ZADD', longLeases, exact(-now), 's' .. key) end
    call('ZADD', longLeases, exact(math.max(ends and tonumber(ends) or 0, now + ttl)), 'u' .. key)
  end
  if call('PTTL', longLeases) < tonumber(ttl) then call('PEXPIRE', longLeases, ttl) end
end

local function forgetLong(key)
  if longLeases then rawcall('ZREM', longLeases, 'u' .. key, 's' .. key) end
end

-- The lease of the key has been released, and the key is kept for at most `rest` ms.
local function shortenLong(key, rest)
  if longLeases then rawcall('ZADD', longLeases, 'XX', exact(serverTime() + rest), 'u' .. key) end
end
