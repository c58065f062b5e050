import { createHash } from "node:crypto";
import type { LockCommand } from "./command.js";
import type { KeyReport, Reply, Request } from "./node.js";
import type { SideKeys } from "./side-keys.js";
import { isOwnerLabel } from "./token.js";
import { granted, type Holder } from "./vote.js";

/** ms after its last use that the record of a resource's fence expires; the watermark then stands for it. */
export const fenceRecordTtl = 86_400_000;

/**
 * The one script: a batch of lock commands, each protected on its own.
 *
 * KEYS: the keys of all commands, in order; where a fence is proposed, a record per key and the watermark follow.
 * ARGV: the identity the batch was meant for, then for each command its letter, followed by its number of keys unless
 * that is one, and what its letter asks for: see `letters` and `fields`.
 * Replies, one a command: 1 granted; {1, highest, accepted} if a fence was proposed; {0, index, pttl, owner, hash, type}
 * denied because of that key; {-1, message} failed; {2, pttl, owner, hash, type, …} a report, four values a key.
 *
 * The stored form is that of the Redlock specification (redis.io, "Distributed Locks with Redis"): a string
 * holding the token, SET NX PX, compare-and-delete. The token itself never travels back.
 */
export const batchScript = `
local KEYS, ARGV, rawcall = KEYS, ARGV, redis.pcall
-- Where the keys of the command stand, and where its values do.
local first, last, at

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

local function set(token, ttl)
  for index = first, last do
    local reply = rawcall('SET', KEYS[index], token, 'PX', ttl)
    if reply.err then
      for done = first, index - 1 do rawcall('DEL', KEYS[done]) end
      error({ message = reply.err })
    end
  end
end

local function number(key, default)
  local value = call('GET', key)
  return tonumber(value or default) or error({ message = 'ERR no number at ' .. key })
end

-- The records of the fences stand behind the keys, and behind them the watermark.
local function fenced(fence)
  local watermark = KEYS[last + last - first + 2]
  local bound, top = 0, number(watermark, 0)
  for index = last + 1, last + last - first + 1 do bound = math.max(bound, number(KEYS[index], top)) end
  if tonumber(fence) <= bound then return { 1, string.format('%.0f', bound), 0 } end
  for index = last + 1, last + last - first + 1 do call('SET', KEYS[index], fence, 'PX', ${fenceRecordTtl}) end
  if tonumber(fence) > top then call('SET', watermark, fence) end
  return { 1, fence, 1 }
end

local commands = {}

function commands.a(token, ttl)
  if first == last and call('SET', KEYS[first], token, 'PX', ttl, 'NX') then return 1 end
  local blocked = unless(false, token)
  if blocked then return blocked end
  set(token, ttl)
  return 1
end

function commands.r(token, ttl)
  local blocked = unless(token)
  if blocked then return blocked end
  for index = first, last do extend(KEYS[index], ttl) end
  return 1
end

function commands.h(token, ttl)
  local blocked = unless(false, token)
  if blocked then return blocked end
  for index = first, last do
    if not call('SET', KEYS[index], token, 'PX', ttl, 'NX') then extend(KEYS[index], ttl) end
  end
  return 1
end

function commands.s(token, ttl, from)
  local blocked = unless(from, token)
  if blocked then return blocked end
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
    if value == token then call('DEL', KEYS[index])
    elseif reply == 1 then reply = denied(index, value, kind) end
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

function commands.A(token, ttl, fence) return raised(fence, commands.a(token, ttl)) end
function commands.S(token, ttl, from, fence) return raised(fence, commands.s(token, ttl, from)) end
function commands.F(token, fence) return raised(fence, unless(token) or 1) end

local proposes = { A = true, S = true, F = true }
local fields = { a = 2, r = 2, h = 2, s = 3, b = 3, d = 1, i = 0, A = 3, S = 4, F = 2 }

local replies = {}
last, at = 0, 2
while at <= #ARGV do
  local name, count = ARGV[at], 1
  if #name > 1 then name, count = string.sub(name, 1, 1), tonumber(string.sub(name, 2)) end
  first, last = last + 1, last + count
  local fine, reply = pcall(commands[name], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  if not fine then reply = { -1, type(reply) == 'table' and reply.message or tostring(reply) } end
  replies[#replies + 1] = reply
  if proposes[name] then last = last + count + 1 end
  at = at + 1 + fields[name]
end
return replies
`;

export const batchScriptSha = createHash("sha1").update(batchScript).digest("hex");

/** Answers with the run id of the server that has the probe key's slot: one identity for a whole Cluster. */
export const identityScript = `
local info = redis.call('INFO', 'server')
return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or false
`;
export const identityKey = "holdfast:identity";

/** Capital letters propose a fence. */
const letters = {
  acquire: "a",
  renew: "r",
  heal: "h",
  swap: "s",
  giveBack: "b",
  fence: "F",
  release: "d",
  inspect: "i",
} as const satisfies Record<LockCommand["op"], string>;

/** KEYS and ARGV of {@link batchScript}. */
export function encodeBatch(
  identity: string | null,
  requests: readonly Request[],
  sideKeys: SideKeys,
): { keys: string[]; args: string[] } {
  const keys: string[] = [];
  const args = [identity ?? ""];
  for (const { command } of requests) {
    for (const key of command.keys) keys.push(key);
    const fence = "fence" in command ? command.fence : undefined;
    const letter = fence === undefined ? letters[command.op] : letters[command.op].toUpperCase();
    args.push(command.keys.length === 1 ? letter : letter + command.keys.length);
    if (command.op === "inspect") continue;
    args.push(command.token);
    if ("ttl" in command) args.push(String(command.ttl));
    if ("from" in command) args.push(command.from);
    if (fence === undefined) continue;
    args.push(String(fence));
    keys.push(...command.keys.map(sideKeys.record), sideKeys.watermark(command.keys[0] ?? ""));
  }
  return { keys, args };
}

const text = (value: unknown): string | null =>
  typeof value === "string" ? value : value instanceof Uint8Array ? Buffer.from(value).toString() : null;

/**
 * Clients may be set to give numbers as strings, and text as buffers. A foreign key may live for longer than a number
 * can tell exactly: longer than any ttl of ours is long enough.
 */
const integer = (value: unknown): number | null => {
  const written = typeof value === "number" || typeof value === "bigint" ? String(value) : text(value);
  if (written === null || !/^-?\d+$/.test(written)) return null;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number(written), Number.MAX_SAFE_INTEGER));
};

/** What it looks like: not what it says, which may be somebody else's reply, and secret. */
const shape = (value: unknown): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const written = text(value);
  if (written === null) return typeof value === "object" && value !== null ? "an object" : String(value);
  return /^[A-Z]{1,10}$/.test(written) ? written : `a string of ${written.length} characters`;
};

/** A reply that the script cannot have given: the vote is failed. */
export const garbage = (value: unknown): Reply => ({
  kind: "failed",
  reason: "garbage",
  message: `unexpected reply: ${shape(value)}`,
});

/** The reply to one command out of the script's array; anything unexpected is a failed vote. */
export function decodeReply(command: LockCommand, raw: unknown): Reply {
  if (!Array.isArray(raw)) return integer(raw) === 1 && command.op !== "inspect" ? granted : garbage(raw);
  const status = integer(raw[0]);
  if (status === 1 && command.op !== "inspect") {
    const highest = integer(raw[1]);
    if (highest === null) return garbage(raw);
    return { kind: "granted", fence: { accepted: integer(raw[2]) === 1, highest } };
  }
  if (status === -1) return { kind: "failed", reason: "refused", message: text(raw[1]) ?? "no reason given" };
  if (status === 2 && command.op === "inspect") return decodeReport(command.keys, raw);
  if (status === 0 && command.op !== "inspect") {
    const key = command.keys[(integer(raw[1]) ?? 0) - 1];
    const holder = key === undefined ? undefined : decodeHolder(key, raw, 2);
    if (holder !== undefined) return { kind: "denied", holder };
  }
  return garbage(raw);
}

function decodeReport(keys: readonly string[], raw: readonly unknown[]): Reply {
  const reports: KeyReport[] = [];
  for (const [index, key] of keys.entries()) {
    const holder = decodeHolder(key, raw, 1 + index * 4);
    if (holder === undefined) return garbage(raw);
    reports.push({ key, holder });
  }
  return { kind: "report", keys: reports };
}

/** Four values: pttl, owner, hash, type. Null: the key is not there. Undefined: garbage. */
function decodeHolder(key: string, raw: readonly unknown[], at: number): Holder | null | undefined {
  const pttl = integer(raw[at]);
  const owner = text(raw[at + 1]);
  const tokenHash = text(raw[at + 2]);
  const type = text(raw[at + 3]);
  if (pttl === null || owner === null || tokenHash === null || type === null) return undefined;
  if (type === "none" || pttl === -2) return null;
  return { key, owner: isOwnerLabel(owner) ? owner : null, tokenHash, ttlLeft: pttl < 0 ? null : pttl, type };
}
