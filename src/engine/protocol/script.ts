import { createHash } from "node:crypto";
import { placeTtl, reservation, wakeChannel } from "./command.js";
import { longestShort } from "./memory.js";

/** ms after its last use that the record of a resource's fence expires; the watermark then stands for it. */
export const fenceRecordTtl = 86_400_000;

/** Expired entries of the record of long leases that one write removes: more than it adds. */
const trimmedAtOnce = 8;

/** Long leases that one look checks one by one. */
const checkedAtOnce = 1_000;

/**
 * How often the server was told to change its role. With the replication id it tells whether it was a replica: that id
 * changes then, but also with the first replica, after a backup, and when the backlog is given up.
 */
const roleChanges = `
local function roleChanges()
  local stats, count = redis.pcall('INFO', 'commandstats'), 0
  if type(stats) ~= 'string' then return '' end
  for _, name in ipairs({ 'replicaof', 'slaveof', 'failover' }) do
    count = count + (tonumber(string.match(stats, 'cmdstat_' .. name .. ':calls=(%d+)')) or 0)
  end
  return string.format('%.0f', count)
end
`;

/**
 * Whether this may be another history than the one in which the marker was left: a master that was a replica meanwhile may
 * have been given an old copy of its data. Needs `replication`, the text of INFO. Returns also the history to be recorded.
 */
const historyCheck = `
local function history(recorded)
  local id = string.match(replication, 'master_replid:(%x+)')
  if not id then return false, '-' end
  local known, count = string.match(recorded, '^(%x+):(%d*)$')
  if id == known then return false, recorded end
  local now, before = roleChanges(), string.match(replication, 'master_replid2:(%x+)') or ''
  return known ~= nil and (string.find(before, '[^0]') ~= nil or now ~= count), id .. ':' .. now
end
`;

/**
 * The one script: a batch of lock commands, each protected on its own.
 *
 * KEYS: the marker, if the server must remember; the record of long leases, if one may be concerned; the keys of all
 * commands, in order; behind them their queues where those are heeded, and a record per key and the watermark where a
 * fence is proposed.
 * ARGV: the mark that the server must have, behind it the longest short ttl asked for; or "" alone. A "+" before it: KEYS
 * has the record of long leases. Then for each command its
 * letter, followed by its number of keys unless that is one, and what its letter asks for: see `fields`, and how it is
 * encoded.
 * Replies, one a command: 1 granted; {1, highest, accepted} if a fence was proposed; {0, index, pttl, owner, hash, type}
 * denied because of that key; {-1, message} failed; {-2} the server has not that mark, and grants nothing; {2, pttl,
 * owner, hash, type, …} a report, four values a key.
 *
 * The stored form is that of the Redlock specification (redis.io, "Distributed Locks with Redis"): a string
 * holding the token, SET NX PX, compare-and-delete. The token itself never travels back.
 */
export const batchScript = `
local KEYS, ARGV, rawcall = KEYS, ARGV, redis.pcall

-- Where the next command's values stand, and the last key of the one before it. Why nothing is granted, if so. The record
-- of long leases.
local at, cursor, refusal, record = 2, 0, nil, nil
local needed = ARGV[1]
if string.sub(needed, 1, 1) == '+' then needed, record = string.sub(needed, 2), true end

-- Whether this is the server that was meant, in the same life, and knows all that it granted.
if needed ~= '' then
  at, cursor = 3, 1
  local memory, mark = rawcall('GET', KEYS[1]), needed .. ' '
  if type(memory) ~= 'string' or string.sub(memory, 1, #mark) ~= mark then
    refusal = { -2 }
  else
    local longest, recorded = string.match(memory, ' (%d+) (%S+)$')
    local life = string.match(mark, '%.(%x+) $')
    local replication = life and rawcall('INFO', 'replication')
    local kept = recorded or '-'
    if type(replication) == 'string' and not (string.find(replication, 'role:master', 1, true)
      and kept ~= '-' and string.find(replication, 'master_replid:' .. string.match(kept, '^%x*'), 1, true)) then
      ${roleChanges}
      ${historyCheck}
      local server, other = rawcall('INFO', 'server'), nil
      other, recorded = history(kept)
      if string.find(replication, 'role:slave', 1, true) then
        refusal = { -1, "READONLY You can't write against a read only replica." }
      elseif other or type(server) == 'string' and not string.find(server, 'run_id:' .. life, 1, true) then
        refusal = { -2 }
      end
    end
    if not longest then refusal = { -2 } end
    if not refusal and (tonumber(ARGV[2]) > tonumber(longest) or recorded ~= kept) then
      if tonumber(ARGV[2]) > tonumber(longest) then longest = ARGV[2] end
      local reply = rawcall('SET', KEYS[1], mark .. longest .. ' ' .. recorded)
      if reply.err then refusal = { -1, reply.err } end
    end
  end
end
if record then
  cursor = cursor + 1
  record = KEYS[cursor]
end

-- Most calls: one lock, for which nobody waits. Before the rest of the script is made, which takes longer than this.
if #KEYS == cursor + 2 and not record and not refusal and rawcall('EXISTS', KEYS[cursor + 2]) == 0 then
  local key = KEYS[cursor + 1]
  if ARGV[at] == 'q' then
    local reply = rawcall('SET', key, ARGV[at + 1], 'PX', ARGV[at + 2], 'NX')
    if type(reply) == 'table' and reply.ok then return { 1 } end
  elseif ARGV[at] == 'e' and rawcall('GET', key) == ARGV[at + 1] and rawcall('DEL', key) == 1 then
    return { 1 }
  end
end

-- Where the keys of the command stand, and where the last one before those of its fence does.
local first, last, beside

local function call(...)
  local reply = rawcall(...)
  if type(reply) == 'table' and reply.err then error({ message = reply.err }) end
  return reply
end

local function read(key)
  local value = rawcall('GET', key)
  if type(value) ~= 'table' then return value end
  if not string.find(value.err, 'WRONGTYPE', 1, true) then error({ message = value.err }) end
  return false, call('TYPE', key).ok
end

local function describe(key, value, kind)
  if kind then return call('PTTL', key), '', '', kind end
  if not value then return -2, '', '', 'none' end
  local owner, random = string.match(value, '^([^~]*)~([%w_-]+)$')
  if not owner or #random ~= 22 then owner = '' end
  return call('PTTL', key), owner, string.sub(redis.sha1hex(value), 1, 16), 'string'
end

local function denied(index, value, kind)
  return { 0, index - first + 1, describe(KEYS[index], value, kind) }
end

-- The denial by the first key whose value is none of these (false: the key is absent); nil if there is none.
local function unless(one, other)
  for index = first, last do
    local value, kind = read(KEYS[index])
    if kind or (value ~= one and value ~= other) then return denied(index, value, kind) end
  end
end

local function extend(key, ttl)
  local left = call('PTTL', key)
  if left >= 0 and left < tonumber(ttl) then call('PEXPIRE', key, ttl) end
end

local function exact(value) return string.format('%.0f', value) end

local function time()
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

local function isLong(ttl) return record and tonumber(ttl) > ${longestShort} end

-- The record is a sorted set. A long lease stands in it twice: "u" .. key with the time until which the key is kept, and
-- "s" .. key with minus the time since which it is held. Written before the key: what cannot be recorded is not granted.
local function remember(ttl)
  if not isLong(ttl) then return end
  local now = time()
  for _, member in ipairs(call('ZRANGEBYSCORE', record, '(0', exact(now), 'LIMIT', 0, ${trimmedAtOnce})) do
    call('ZREM', record, member, 's' .. string.sub(member, 2))
  end
  for index = first, last do
    local key = KEYS[index]
    local ends = call('EXISTS', key) == 1 and call('ZSCORE', record, 'u' .. key)
    if not ends then call('ZADD', record, exact(-now), 's' .. key) end
    call('ZADD', record, exact(math.max(ends and tonumber(ends) or 0, now + ttl)), 'u' .. key)
  end
  if call('PTTL', record) < tonumber(ttl) then call('PEXPIRE', record, ttl) end
end

local function forget(key)
  if record then rawcall('ZREM', record, 'u' .. key, 's' .. key) end
end

local function set(token, ttl)
  for index = first, last do
    local reply = rawcall('SET', KEYS[index], token, 'PX', ttl)
    if reply.err then
      for done = first, index - 1 do rawcall('DEL', KEYS[done]) end
      error({ message = reply.err })
    end
  end
end

local function exact(value) return string.format('%.0f', value) end

local function number(key, value)
  return tonumber(value) or error({ message = 'ERR no number at ' .. key })
end

-- A record tells under which memory it was written: one that an old snapshot brought back may be too low.
local era = string.match(ARGV[1], '^[^.]*')

-- What the record of a key says; "top", the watermark, where there is none that counts.
local function recorded(key, top)
  local value = call('GET', key)
  if not value then return top end
  local fence, of = string.match(value, '^(%d+) ?(.*)$')
  return of and of ~= era and top or number(key, fence)
end

local function keep(key, fence)
  call('SET', key, era == '' and fence or fence .. ' ' .. era, 'PX', ${fenceRecordTtl})
end

-- A record for each key, and behind them the watermark.
local function fenced(fence)
  local past = beside + last - first + 1
  local watermark = KEYS[past + 1]
  -- A server that remembers has one.
  if ARGV[1] ~= '' and call('EXISTS', watermark) == 0 then return { -2 } end
  local bound, bounds, top = 0, {}, number(watermark, call('GET', watermark) or 0)
  for index = beside + 1, past do
    bounds[index] = recorded(KEYS[index], top)
    bound = math.max(bound, bounds[index])
  end
  if tonumber(fence) <= bound then
    -- Only leases of these keys can raise their records: the next proposal is not compared with a watermark that others
    -- have raised since.
    for index = beside + 1, past do keep(KEYS[index], exact(bounds[index])) end
    return { 1, exact(bound), 0 }
  end
  for index = beside + 1, past do keep(KEYS[index], fence) end
  if tonumber(fence) > top then call('SET', watermark, fence) end
  return { 1, fence, 1 }
end

-- A queue is a sorted set. Who waits stands in it twice: its id with its ticket, and "!" .. id with minus the time
-- until which it counts as alive. Half a ms less than a whole number of ms: it waits for other keys too, and has been
-- told, by its own denial, that this one is free and kept for it.

-- The queue of one of the command's keys.
local function queueOf(index) return KEYS[index + last - first + 1] end

local function join(queue, place, now)
  local ticket, id = string.match(place, '^(%d+) (.+)$')
  call('ZADD', queue, ticket, id, exact(-now - ${placeTtl}), '!' .. id)
  call('PEXPIRE', queue, ${placeTtl})
end

-- Whose turn it is. Who has not shown itself in time has lost its place.
local function heir(queue, now)
  for _, mark in ipairs(call('ZRANGEBYSCORE', queue, exact(-now), 0)) do
    call('ZREM', queue, mark, string.sub(mark, 2))
  end
  return call('ZRANGEBYSCORE', queue, '(0', '+inf', 'LIMIT', 0, 1)[1]
end

-- Tells it, once, that the key is free; its place is good for a moment only from now on.
local function summon(queue, now)
  local id = heir(queue, now)
  local alive = id and tonumber(call('ZSCORE', queue, '!' .. id))
  if not alive or alive % 1 ~= 0 then return end
  local kept = tonumber(string.match(id, '^[^:]*:[^:]*:(%d+)$')) or ${reservation}
  if -alive <= now + kept then return end
  call('ZADD', queue, exact(-now - kept), '!' .. id)
  rawcall('PUBLISH', '${wakeChannel("")}' .. string.match(id, '^[^:]*'), id)
end

-- Who waits must not cost a vote: where a queue cannot be used there is none.
local function heed(queue, what, ...)
  if rawcall('EXISTS', queue) ~= 1 then return false end
  local fine, result = pcall(what, queue, ...)
  return fine and result
end

-- The denial because it is somebody else's turn at this key.
local function turn(queue, index, token, place)
  local now = time()
  if place ~= '' then join(queue, place, now) end
  local id = heir(queue, now)
  if not id or id == string.match(place, ' (.+)$') then return false end
  local value, kind = read(KEYS[index])
  if value == token then return false end
  if not value and not kind then summon(queue, now) end
  return denied(index, value, kind)
end

-- The denial because it is somebody else's turn at any of several keys; because of one that is held, where there is one.
local function turns(token, place)
  local held, kept = unless(false, token), false
  for index = first, last do
    local other = heed(queueOf(index), turn, index, token, place)
    kept = kept or other
  end
  return held or kept
end

-- Takes, or keeps, the place in the queue of a key that was denied, or of one that is free but denied with others.
local function stay(queue, index, place)
  local now = time()
  join(queue, place, now)
  if first == last then return end
  local id = string.match(place, ' (.+)$')
  if call('EXISTS', KEYS[index]) == 1 or heir(queue, now) ~= id then return end
  call('ZADD', queue, string.format('%.1f', 0.5 - now - ${placeTtl}), '!' .. id)
end

local function leave(queue, id)
  call('ZREM', queue, id, '!' .. id)
end

-- Leaves the place, and passes on the turn if the key is free.
local function part(queue, id, key)
  if id ~= '' then leave(queue, id) end
  if call('EXISTS', key) == 0 then summon(queue, time()) end
end

local commands = {}

function commands.a(token, ttl)
  if first == last and not isLong(ttl) and call('SET', KEYS[first], token, 'PX', ttl, 'NX') then return 1 end
  local blocked = unless(false, token)
  if blocked then return blocked end
  remember(ttl)
  set(token, ttl)
  return 1
end

function commands.r(token, ttl)
  local blocked = unless(token)
  if blocked then return blocked end
  remember(ttl)
  for index = first, last do extend(KEYS[index], ttl) end
  return 1
end

function commands.h(token, ttl)
  local blocked = unless(false, token)
  if blocked then return blocked end
  remember(ttl)
  for index = first, last do
    if not call('SET', KEYS[index], token, 'PX', ttl, 'NX') then extend(KEYS[index], ttl) end
  end
  return 1
end

function commands.s(token, ttl, from)
  local blocked = unless(from, token)
  if blocked then return blocked end
  remember(ttl)
  for index = first, last do
    local left = call('PTTL', KEYS[index])
    call('SET', KEYS[index], token, 'PX', (left > tonumber(ttl)) and string.format('%.0f', left) or ttl)
  end
  return 1
end

function commands.b(token, ttl, from)
  local blocked = unless(from)
  if blocked then return blocked end
  for index = first, last do
    local left = math.max(1, math.min(call('PTTL', KEYS[index]), tonumber(ttl)))
    call('SET', KEYS[index], token, 'PX', string.format('%.0f', left))
  end
  return 1
end

function commands.d(token)
  local reply = 1
  for index = first, last do
    local value, kind = read(KEYS[index])
    if value == token then
      call('DEL', KEYS[index])
      forget(KEYS[index])
    elseif reply == 1 then reply = denied(index, value, kind) end
  end
  return reply
end

-- What each place of the command is for, whether it was granted or not.
local function settle(reply, place)
  if place == '' then return reply end
  local id = string.match(place, ' (.+)$')
  for index = first, last do
    if reply == 1 then heed(queueOf(index), leave, id) else pcall(stay, queueOf(index), index, place) end
  end
  return reply
end

-- Takes the keys if they are free, whoever waits.
function commands.p(token, ttl, place) return settle(commands.a(token, ttl), place) end

-- The denial because it is somebody else's turn.
local function deferred(token, place)
  if first < last then return turns(token, place) end
  return heed(KEYS[beside], turn, first, token, place)
end

-- Takes them if it is nobody else's turn at any of them.
function commands.w(token, ttl, place)
  local reply = deferred(token, place)
  if not reply then return commands.p(token, ttl, place) end
  return first < last and settle(reply, place) or reply
end

-- The same for somebody who does not wait.
function commands.q(token, ttl)
  return deferred(token, '') or commands.a(token, ttl)
end

-- Releases, leaves the places, and tells the first who waits for each key.
function commands.l(token, id)
  local reply = commands.d(token)
  for index = first, last do heed(queueOf(index), part, id, KEYS[index]) end
  return reply
end

-- The same for somebody who has none.
function commands.e(token) return commands.l(token, '') end

-- The same, but tells nobody of what a minority had granted.
function commands.k(token, id)
  local reply = commands.d(token)
  if id == '' then return reply end
  for index = first, last do
    if reply == 1 then heed(queueOf(index), leave, id) else heed(queueOf(index), part, id, KEYS[index]) end
  end
  return reply
end

function commands.i()
  local reply = { 2 }
  for index = first, last do
    local value, kind = read(KEYS[index])
    for _, field in ipairs({ describe(KEYS[index], value, kind) }) do reply[#reply + 1] = field end
  end
  return reply
end

local function raised(fence, reply)
  return reply == 1 and fenced(fence) or reply
end

function commands.P(token, ttl, place, fence) return raised(fence, commands.p(token, ttl, place)) end
function commands.Q(token, ttl, fence) return raised(fence, commands.q(token, ttl)) end
function commands.W(token, ttl, place, fence) return raised(fence, commands.w(token, ttl, place)) end
function commands.A(token, ttl, fence) return raised(fence, commands.a(token, ttl)) end
function commands.S(token, ttl, from, fence) return raised(fence, commands.s(token, ttl, from)) end
function commands.F(token, fence) return raised(fence, unless(token) or 1) end

-- These need no memory.
local always = { d = true, l = true, e = true, k = true, b = true, i = true }
local heeds = { p = true, q = true, w = true, k = true, e = true, l = true, P = true, Q = true, W = true }
local proposes = { A = true, S = true, F = true, P = true, Q = true, W = true }
local fields = {
  a = 2, r = 2, h = 2, s = 3, b = 3, d = 1, i = 0, A = 3, S = 4, F = 2,
  p = 3, q = 2, w = 3, k = 2, e = 1, l = 2, P = 4, Q = 3, W = 4,
}

local replies = {}
while at <= #ARGV do
  local name, count = ARGV[at], 1
  if #name > 1 then name, count = string.sub(name, 1, 1), tonumber(string.sub(name, 2)) end
  first, last = cursor + 1, cursor + count
  beside = heeds[name] and last + count or last
  local fine, reply = true, refusal
  if not refusal or always[name] then
    fine, reply = pcall(commands[name], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  end
  if not fine then reply = { -1, type(reply) == 'table' and reply.message or tostring(reply) } end
  replies[#replies + 1] = reply
  cursor = proposes[name] and beside + count + 1 or beside
  at = at + 1 + fields[name]
end
return replies
`;

export const batchScriptSha = createHash("sha1").update(batchScript).digest("hex");

/**
 * A server says who it is: its run id, the marker, its time in epoch ms, the watermark, and how many ms the last of its long
 * leases has left; for a Cluster, of which only the server with the probe key's slot is asked, its run id alone. Where the
 * run id is hidden, an id that the first one to ask leaves in that key.
 *
 * A marker that is missing, was left in another life or before the server was a replica, or has lost its watermark, makes room
 * for one of this very loss: what is decided about one loss, and arrives late, must not be taken for a decision about the next.
 *
 * KEYS: the marker, the watermark and the record of long leases; or the probe key. ARGV: an id to leave, or "", which
 * changes nothing; the ms for which a long lease must have been held already to count; behind them, if the marker is to
 * change, what it was, what it begins with if the server is to abstain, the longest short ttl, and the watermark to take over.
 */
export const introductionScript = `
local replication = redis.pcall('INFO', 'replication')
${roleChanges}
${historyCheck}
local info = redis.pcall('INFO', 'server')
local life = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
if #KEYS == 1 then
  if life ~= '' then return { life } end
  if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'NX') end
  return { redis.call('GET', KEYS[1]) or '' }
end
local function exact(value) return string.format('%.0f', value) end
local writes, changes = ARGV[1] ~= '', #ARGV > 2
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local marker, watermark = redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2])
local start, past, longest, recorded = string.match(marker, '^(.*%.(%x*)) (%d+) (%S+)$')
local other, path = false, '-'
if type(replication) == 'string' then other, path = history(recorded or '-') end
other = past and (other or past ~= '' and life ~= '' and past ~= life)
local bare = not watermark and string.sub(marker, 1, 1) ~= '?'
watermark = watermark or '0'
if not past or other or bare then
  local loss = '? ' .. ARGV[1] .. '.' .. life .. ' 0 ' .. path
  local reply = writes and redis.pcall('SET', KEYS[1], loss)
  if reply and not reply.err then marker = loss
  elseif changes then return reply
  elseif other then marker = '' end
elseif recorded ~= path and path ~= '-' and writes then
  local moved = start .. ' ' .. longest .. ' ' .. path
  if not redis.pcall('SET', KEYS[1], moved).err then
    if changes and marker == ARGV[3] then ARGV[3] = moved end
    marker = moved
  end
end
if changes and marker == ARGV[3] then
  if tonumber(ARGV[6]) > tonumber(watermark) then watermark = ARGV[6] end
  redis.call('SET', KEYS[2], watermark)
  marker = ARGV[4] .. ARGV[1] .. '.' .. life .. ' ' .. ARGV[5] .. ' ' .. path
  redis.call('SET', KEYS[1], marker)
end

-- Keys that are gone were released by somebody who did not know of the record, or have run out. Whose keys this user may not
-- see, and those beyond the bound, count for as long as they were granted.
local left, record = 0, KEYS[3]
local held = redis.call('ZRANGEBYSCORE', record, exact(ARGV[2] - now), '(0', 'LIMIT', 0, ${checkedAtOnce})
for _, member in ipairs(held) do
  local key = string.sub(member, 2)
  local ends = tonumber(redis.call('ZSCORE', record, 'u' .. key) or 0) - now
  local keeps = redis.pcall('PTTL', key)
  if keeps == -2 then
    if writes then redis.pcall('ZREM', record, 'u' .. key, member) end
  elseif type(keeps) == 'number' and keeps >= 0 then left = math.max(left, keeps)
  else left = math.max(left, ends) end
end
if #held == ${checkedAtOnce} then left = math.max(left, redis.call('PTTL', record)) end
return { life, marker, exact(now), watermark, exact(left) }
`;

/** The run id alone. */
export const runIdScript = `
local info = redis.call('INFO', 'server')
return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or false
`;

/** By a script, which every client can send. KEYS: in a Cluster, one to be routed by. ARGV: the channel, the message. */
export const publishScript = "return redis.call('PUBLISH', ARGV[1], ARGV[2])";
