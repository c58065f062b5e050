-- Fences. Each key has a record of its highest fence, and the watermark is the highest fence of all keys. A record also
-- names the memory (the id in the mark) under which it was written: a record that an old snapshot brought back may be too
-- low, and does not count.

local memoryId = string.match(ARGV[1], '^[^.]*')

local function numberAt(key, value)
  return tonumber(value) or error({ message = 'ERR no number at ' .. key })
end

-- The fence in a record. Where no record counts, the watermark stands for it.
local function readFence(key, watermark)
  local value = call('GET', key)
  if not value then return watermark end
  local fence, writtenUnder = string.match(value, '^(%d+) ?(.*)$')
  return writtenUnder and writtenUnder ~= memoryId and watermark or numberAt(key, fence)
end

local function writeFence(key, fence)
  call('SET', key, memoryId == '' and fence or fence .. ' ' .. memoryId, 'PX', FENCE_RECORD_TTL)
end

-- Accepts the fence if it is higher than the record of each key of the command. In KEYS, the watermark follows the records.
local function proposeFence(fence)
  local lastRecord = beforeFences + fenceRecords
  local watermarkKey = KEYS[lastRecord + 1]
  -- A server that remembers what it granted has a watermark.
  if ARGV[1] ~= '' and call('EXISTS', watermarkKey) == 0 then return { -2 } end
  local highest, fences, watermark = 0, {}, numberAt(watermarkKey, call('GET', watermarkKey) or 0)
  for index = beforeFences + 1, lastRecord do
    fences[index] = readFence(KEYS[index], watermark)
    highest = math.max(highest, fences[index])
  end
  if tonumber(fence) <= highest then
    -- Only leases of these keys can raise these records. Without a record, the next proposal would be compared with the
    -- watermark, which leases of other keys may have raised since.
    for index = beforeFences + 1, lastRecord do writeFence(KEYS[index], exact(fences[index])) end
    return { 1, exact(highest), 0 }
  end
  for index = beforeFences + 1, lastRecord do writeFence(KEYS[index], fence) end
  if tonumber(fence) > watermark then call('SET', watermarkKey, fence) end
  return { 1, fence, 1 }
end
