-- The most frequent call for permits: permits for which nobody waits. See fast-path.lua.

local permits = tonumber(string.match(ARGV[nextCommand] or '', '^acquireAny(%d*)$'))
if permits and #ARGV == nextCommand + 5 and #KEYS == lastKey + permits + 2 and not longLeases and not refusal then
  local token, ttl, weight = ARGV[nextCommand + 1], ARGV[nextCommand + 2], tonumber(ARGV[nextCommand + 3])
  local record, isFresh = lastKey + permits + 2, false
  if rawcall('EXISTS', KEYS[record - 1]) == 0 and rawcall('GET', KEYS[record]) == string.format('%.0f', permits) then
    isFresh = rawcall('PTTL', KEYS[record]) >= SET_LAPSE - SET_PRECISION
  end
  local free, mayHold = {}, not isFresh
  for index = lastKey + 1, isFresh and lastKey + permits or lastKey do
    local value = rawcall('GET', KEYS[index])
    if value == token then mayHold = true
    elseif not value then free[#free + 1] = index end
  end
  if not mayHold and #free >= weight then
    local positions, isSet = '', true
    for index = 1, weight do
      isSet = isSet and not rawcall('SET', KEYS[free[index]], token, 'PX', ttl).err
      positions = positions .. ' ' .. string.format('%.0f', free[index] - lastKey)
    end
    if isSet then return { { 4, positions, 0 } } end
    for index = 1, weight do rawcall('DEL', KEYS[free[index]]) end
  end
end
