-- Reading and writing the keys of one command.

-- Positions in KEYS: the first and the last key of the command that runs, and the last key before its fence records. Then the
-- number of those records.
local first, last, beforeFences, fenceRecords

-- Whether the command that runs is in the name of a shared token: see readers.lua.
local isShared

-- Runs a Redis command. An error reply is raised as an error whose message is that of the reply.
local function call(...)
  local reply = rawcall(...)
  if type(reply) == 'table' and reply.err then error({ message = reply.err }) end
  return reply
end

-- Formats a number with all of its digits.
local function exact(value) return string.format('%.0f', value) end

local timeOfBatch

-- The time of the server, in epoch ms: for all commands of a batch, when it was first asked for.
local function serverTime()
  if not timeOfBatch then
    local now = call('TIME')
    timeOfBatch = now[1] * 1000 + math.floor(now[2] / 1000)
  end
  return timeOfBatch
end

-- The value of a key, or false if the key is absent. For a key that is not a string: false and the type.
local function read(key)
  local value = rawcall('GET', key)
  if type(value) ~= 'table' then return value end
  if not string.find(value.err, 'WRONGTYPE', 1, true) then error({ message = value.err }) end
  return false, call('TYPE', key).ok
end

-- The value of a key that is kept after its release: the owner label, and a hash of the token in place of its random part.
local function keptForm(token)
  return (string.match(token, '^~*[^~]*~') or '~') .. 'kept-' .. string.sub(redis.sha1hex(token), 1, 17)
end

-- The four values that describe a key: its remaining time in ms, the owner label and "~", "#" and a hash of the token, and
-- the type. The hash is followed by "+" if the key is kept after its release, and by "&" if readers hold the key. The marks
-- keep clients that parse replies as JSON from taking a label or a hash for a number.
local function describe(key, value, otherType)
  if value == SHARED_FORM then return call('PTTL', key), '~', '#' .. string.sub(redis.sha1hex(value), 1, 16) .. '&', 'string' end
  if otherType then return call('PTTL', key), '~', '#', otherType end
  if not value then return -2, '~', '#', 'none' end
  local owner, random = string.match(value, '^~*([^~]*~)([%w_-]+)$')
  if not owner or #random ~= 22 then owner, random = '~', '' end
  local kept = string.match(random, '^kept%-(%x+)$')
  local hash = string.sub(kept or redis.sha1hex(value), 1, 16)
  return call('PTTL', key), owner, '#' .. hash .. (kept and '+' or ''), 'string'
end

local function denial(index, value, otherType)
  return { 0, index - first + 1, describe(KEYS[index], value, otherType) }
end

-- Redis 7 and later tell their version, and have the option GT of PEXPIRE: a longer remaining time stays.
local hasGreaterThan = redis.REDIS_VERSION_NUM ~= nil

-- Extends the remaining time of a key to `ttl`. A longer remaining time stays.
local function extend(key, ttl)
  if hasGreaterThan and type(rawcall('PEXPIRE', key, ttl, 'GT')) == 'number' then return end
  local left = call('PTTL', key)
  if left >= 0 and left < tonumber(ttl) then call('PEXPIRE', key, ttl) end
end

-- Keeps a key for `rest` ms after the release of the lease that holds it. A shorter remaining time stays.
local function keep(key, token, rest)
  local left = call('PTTL', key)
  local ms = left > 0 and left < tonumber(rest) and exact(left) or rest
  -- A server without free memory refuses SET. The key is then kept in the form that it has.
  if rawcall('SET', key, keptForm(token), 'PX', ms).err then call('PEXPIRE', key, ms) end
end
