-- Records that a set of nodes uses this server, and returns all sets that have used it within SET_LAPSE ms.
-- KEYS: the record, a hash: the description of a set (see set-record.ts) has the time of its last use; the watermark; the
-- marker.
-- ARGV: the description of the caller's set, or "" to record nothing; the caller's former description, or ""; a number to
-- raise the watermark to, if there is a watermark, or "0".
-- The time of a use is kept to within SET_PRECISION ms, so that many processes with one set seldom write.
-- Replies with the watermark, and then with the description of each set, followed by the ms since its last use.
--
-- Nothing is recorded where the marker is of a later protocol version. An entry without a time is of a later version: it is
-- neither reported nor deleted.

local marker = redis.call('GET', KEYS[3])
if marker and tonumber(string.match(marker, '^v(%d+) ') or 1) > PROTOCOL_VERSION then return { '0' } end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if ARGV[1] ~= '' then
  local last = redis.call('HGET', KEYS[1], ARGV[1])
  if not tonumber(last) or math.abs(now - last) >= SET_PRECISION then
    redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], SET_LAPSE)
  end
  if ARGV[2] ~= '' then redis.call('HDEL', KEYS[1], ARGV[2]) end
end

local watermark = redis.call('GET', KEYS[2])
if watermark and tonumber(ARGV[3]) > tonumber(watermark) then
  watermark = ARGV[3]
  redis.call('SET', KEYS[2], watermark)
end

local reply, record = { watermark or '0' }, redis.call('HGETALL', KEYS[1])
for index = 1, #record, 2 do
  local last = tonumber(record[index + 1])
  local age = last and math.max(0, now - last)
  if age and age < SET_LAPSE then
    reply[#reply + 1], reply[#reply + 2] = record[index], string.format('%.0f', age)
  elseif age and ARGV[1] ~= '' then redis.call('HDEL', KEYS[1], record[index]) end
end
return reply
