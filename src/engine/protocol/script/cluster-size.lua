-- Returns how many masters of the server's Cluster have slots, or false if that is hidden.
local info = redis.pcall('CLUSTER', 'INFO')
return type(info) == 'string' and string.match(info, 'cluster_size:(%d+)') or false
