-- Compares the replication history of a server with the one that its marker records. A master that was a replica in the
-- meantime may have received an old copy of its data.

-- How often the server received a command to change its role. The replication id alone does not show whether the server was a
-- replica: it also changes with the first replica, after a backup, and when the backlog is released.
local function countRoleChanges()
  local stats, count = redis.pcall('INFO', 'commandstats'), 0
  if type(stats) ~= 'string' then return '' end
  for _, name in ipairs({ 'replicaof', 'slaveof', 'failover' }) do
    count = count + (tonumber(string.match(stats, 'cmdstat_' .. name .. ':calls=(%d+)')) or 0)
  end
  return string.format('%.0f', count)
end

-- Returns whether the history may differ from the recorded one, and the history to record from now on ("id:count", or "-"
-- if the history is unknown). `replication` is the text of INFO replication.
local function compareHistory(recorded, replication)
  local id = string.match(replication, 'master_replid:(%x+)')
  if not id then return false, '-' end
  local knownId, knownCount = string.match(recorded, '^(%x+):(%d*)$')
  if id == knownId then return false, recorded end
  local count, secondId = countRoleChanges(), string.match(replication, 'master_replid2:(%x+)') or ''
  return knownId ~= nil and (string.find(secondId, '[^0]') ~= nil or count ~= knownCount), id .. ':' .. count
end
