-- Returns the run id of the server, or false if the run id is hidden, and the mode of the server.
local info = redis.call('INFO', 'server')
if type(info) ~= 'string' then return { false, '' } end
return { string.match(info, 'run_id:(%x+)') or false, string.match(info, 'redis_mode:(%a+)') or '' }
