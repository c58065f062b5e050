-- Identifies the server: its run id, the marker, its time in epoch ms, the watermark, and how many ms the last of its long
-- leases has left. In a Cluster only the server that has the slot of the probe key is asked, and the reply is its run id
-- alone. Where the run id is hidden, the reply is an id that the first caller leaves in the probe key.
--
-- The marker is replaced by one that names this very loss if it is missing, if it was left before the server's last restart or before
-- the server was a replica, or if the watermark is missing. A decision about one loss that arrives late must not be taken for a
-- decision about the next loss.
--
-- A marker of a later protocol version (see protocol-version.ts) is left alone, as is everything else on the server.
--
-- KEYS: the marker, the watermark and the record of long leases; or the probe key.
-- ARGV:
--   an id to leave, or "" to change nothing;
--   for how many ms a long lease must have been held already to count;
--   to change the marker: the marker that was seen, the beginning of the new one if the server is to abstain, the longest
--   short ttl, and the watermark to adopt.

-- Long leases that one call checks one by one.
local checkedAtOnce = 1000

local replication = redis.pcall('INFO', 'replication')
--@include history.lua
local info = redis.pcall('INFO', 'server')
local runId = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
if #KEYS == 1 then
  if runId ~= '' then return { runId } end
  if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'NX') end
  return { redis.call('GET', KEYS[1]) or '' }
end

local function exact(value) return string.format('%.0f', value) end

local writes, changes = ARGV[1] ~= '', #ARGV > 2
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local marker = redis.call('GET', KEYS[1]) or ''
if tonumber(string.match(marker, '^v(%d+) ') or 1) > PROTOCOL_VERSION then return { runId, marker, exact(now), '0', '0' } end
local watermark = redis.call('GET', KEYS[2])
local mark, markedRunId, longest, markedHistory = string.match(marker, '^(.*%.(%x*)) (%d+) (%S+)$')
local mayDiffer, history = false, '-'
if type(replication) == 'string' then mayDiffer, history = compareHistory(markedHistory or '-', replication) end
local isOther = markedRunId and (mayDiffer or markedRunId ~= '' and runId ~= '' and markedRunId ~= runId)
local lacksWatermark = not watermark and string.sub(marker, 1, 1) ~= '?'
watermark = watermark or '0'

if not markedRunId or isOther or lacksWatermark then
  local loss = '? ' .. ARGV[1] .. '.' .. runId .. ' 0 ' .. history
  local reply = writes and redis.pcall('SET', KEYS[1], loss)
  if reply and not reply.err then marker = loss
  elseif changes then return reply
  elseif isOther then marker = '' end
elseif markedHistory ~= history and history ~= '-' and writes then
  local updated = mark .. ' ' .. longest .. ' ' .. history
  if not redis.pcall('SET', KEYS[1], updated).err then
    if changes and marker == ARGV[3] then ARGV[3] = updated end
    marker = updated
  end
end

if changes and marker == ARGV[3] then
  if tonumber(ARGV[6]) > tonumber(watermark) then watermark = ARGV[6] end
  redis.call('SET', KEYS[2], watermark)
  marker = ARGV[4] .. ARGV[1] .. '.' .. runId .. ' ' .. ARGV[5] .. ' ' .. history
  redis.call('SET', KEYS[1], marker)
end

-- A key that is gone was released by a client that does not know of the record, or has expired. A lease whose key this user
-- may not see, or that is beyond the bound, counts for as long as it was granted.
local left, longLeases = 0, KEYS[3]
local held = redis.call('ZRANGEBYSCORE', longLeases, exact(ARGV[2] - now), '(0', 'LIMIT', 0, checkedAtOnce)
for _, member in ipairs(held) do
  local key = string.sub(member, 2)
  local granted = tonumber(redis.call('ZSCORE', longLeases, 'u' .. key) or 0) - now
  local remaining = redis.pcall('PTTL', key)
  if remaining == -2 then
    if writes then redis.pcall('ZREM', longLeases, 'u' .. key, member) end
  elseif type(remaining) == 'number' and remaining >= 0 then left = math.max(left, remaining)
  else left = math.max(left, granted) end
end
if #held == checkedAtOnce then left = math.max(left, redis.call('PTTL', longLeases)) end
return { runId, marker, exact(now), watermark, exact(left) }
