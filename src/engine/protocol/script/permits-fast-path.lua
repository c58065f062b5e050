-- The most frequent call for permits: permits for which nobody waits. See fast-path.lua.

local asked = tonumber(string.match(ARGV[nextCommand] or '', '^acquireAny(%d*)$'))
if asked and #ARGV == nextCommand + 6 and #KEYS == lastKey + asked + 2 and not longLeases and not refusal then
  local token, ttl, weight = ARGV[nextCommand + 1], ARGV[nextCommand + 2], tonumber(ARGV[nextCommand + 3])
  local record, isFresh = lastKey + asked + 2, false
  if rawcall('EXISTS', KEYS[record - 1]) == 0 and rawcall('GET', KEYS[record]) == ARGV[nextCommand + 4] then
    isFresh = rawcall('PTTL', KEYS[record]) >= SET_LAPSE - SET_PRECISION
  end
  -- What other types hold looks free here, but is not set below. A user of the server may be allowed to read single keys only.
  local values = isFresh and rawcall('MGET', unpack(KEYS, lastKey + 1, lastKey + asked)) or {}
  local free, mayHold = {}, false
  for position = 1, values.err and 0 or #values do
    if not values[position] then free[#free + 1] = position
    elseif values[position] == token then mayHold = true end
  end
  if not mayHold and #free >= weight then
    local positions, done = '', 0
    while done < weight do
      local reply = rawcall('SET', KEYS[lastKey + free[done + 1]], token, 'PX', ttl, 'NX')
      if type(reply) ~= 'table' or not reply.ok then break end
      done = done + 1
      positions = positions .. ' ' .. string.format('%.0f', free[done])
    end
    if done == weight then return { { 4, positions, 0 } } end
    for index = 1, done do rawcall('DEL', KEYS[lastKey + free[index]]) end
  end
end
