-- Returns the run id of the server, or false if the run id is hidden.
local info = redis.call('INFO', 'server')
return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or false
