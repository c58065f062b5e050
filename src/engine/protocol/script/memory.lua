-- Checks that this is the intended server, in the same run, and that it remembers everything that it granted. Otherwise
-- sets `refusal`. The marker reads "mark longest history": see memory.ts. A marker of a later protocol version begins with
-- another mark, so that the client identifies the server again.

local expectedMark, longLeases = ARGV[1], nil
if string.sub(expectedMark, 1, 1) == '+' then expectedMark, longLeases = string.sub(expectedMark, 2), true end

if expectedMark ~= '' then
  nextCommand, lastKey = 3, 1
  local marker, prefix = rawcall('GET', KEYS[1]), expectedMark .. ' '
  if type(marker) ~= 'string' or string.sub(marker, 1, #prefix) ~= prefix then
    refusal = { -2 }
  else
    -- These patterns are anchored: one that searches the marker for its beginning takes longer than the rest of the check.
    local longest, newHistory = string.match(marker, '^(%d+) (%S+)$', #prefix + 1)
    local runId = string.match(prefix, '^[^.]*%.(%x+) $')
    local replication = runId and rawcall('INFO', 'replication')
    local oldHistory = newHistory or '-'
    -- The common case, a master whose replication id has not changed, needs no further check.
    if type(replication) == 'string' and not (string.find(replication, 'role:master', 1, true)
      and oldHistory ~= '-'
      and string.find(replication, 'master_replid:' .. string.match(oldHistory, '^%x*'), 1, true)) then
      --@include history.lua
      local server, mayDiffer = rawcall('INFO', 'server'), nil
      mayDiffer, newHistory = compareHistory(oldHistory, replication)
      if string.find(replication, 'role:slave', 1, true) then
        refusal = { -1, "READONLY You can't write against a read only replica." }
      elseif mayDiffer or type(server) == 'string' and not string.find(server, 'run_id:' .. runId, 1, true) then
        refusal = { -2 }
      end
    end
    if not longest then refusal = { -2 } end
    if not refusal and (tonumber(ARGV[2]) > tonumber(longest) or newHistory ~= oldHistory) then
      if tonumber(ARGV[2]) > tonumber(longest) then longest = ARGV[2] end
      local reply = rawcall('SET', KEYS[1], prefix .. longest .. ' ' .. newHistory)
      if reply.err then refusal = { -1, reply.err } end
    end
  end
end

-- From here on `longLeases` is the key of the record of long leases, or nil if no command concerns one.
if longLeases then
  lastKey = lastKey + 1
  longLeases = KEYS[lastKey]
end
