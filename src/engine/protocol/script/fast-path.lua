-- The most frequent calls: one lock for which nobody waits, and one lock that is granted to the first of its waiters. This code
-- runs before the functions below are created, because their creation takes longer than the call itself.

-- The queue, if the batch is one command for one key and respects the queues; otherwise nil.
local onlyQueue
if #KEYS == lastKey + 2 and not longLeases and not refusal then onlyQueue = KEYS[lastKey + 2] end

if onlyQueue then
  local key, name, token = KEYS[lastKey + 1], ARGV[nextCommand], ARGV[nextCommand + 1]
  if name == 'acquireOrWait' then
    local id = string.match(ARGV[nextCommand + 3], ' (.+)$')
    local first = rawcall('ZRANGEBYSCORE', onlyQueue, '(0', '+inf', 'LIMIT', 0, 1)
    if not first.err and (not first[1] or first[1] == id) then
      local reply = rawcall('SET', key, token, 'PX', ARGV[nextCommand + 2], 'NX')
      if type(reply) == 'table' and reply.ok then
        if first[1] then rawcall('ZREM', onlyQueue, id, '!' .. id) end
        return { 1 }
      end
    end
  elseif rawcall('EXISTS', onlyQueue) == 0 then
    if name == 'acquireInTurn' then
      local reply = rawcall('SET', key, token, 'PX', ARGV[nextCommand + 2], 'NX')
      if type(reply) == 'table' and reply.ok then return { 1 } end
    elseif name == 'releaseAndWake' and rawcall('GET', key) == token and rawcall('DEL', key) == 1 then
      return { 1 }
    end
  end
end
