-- The most frequent calls: one lock for which nobody waits. This code runs before the functions below are created, because
-- their creation takes longer than the call itself.

if #KEYS == lastKey + 2 and not longLeases and not refusal and rawcall('EXISTS', KEYS[lastKey + 2]) == 0 then
  local key, token = KEYS[lastKey + 1], ARGV[nextCommand + 1]
  if ARGV[nextCommand] == 'acquireInTurn' then
    local reply = rawcall('SET', key, token, 'PX', ARGV[nextCommand + 2], 'NX')
    if type(reply) == 'table' and reply.ok then return { 1 } end
  elseif ARGV[nextCommand] == 'releaseAndWake' and rawcall('GET', key) == token and rawcall('DEL', key) == 1 then
    return { 1 }
  end
end
