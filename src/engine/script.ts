import { createHash } from "node:crypto";
import type { LockCommand } from "./command.js";
import type { KeyReport, Reply } from "./node.js";
import type { SideKeys } from "./side-keys.js";
import { isOwnerLabel } from "./token.js";
import type { Holder } from "./vote.js";

/** ms after its last use that the record of a resource's fence expires; the watermark then stands for it. */
export const fenceRecordTtl = 86_400_000;

/**
 * The one script: a batch of lock commands, each protected on its own.
 *
 * KEYS: the keys of all commands, in order; where a fence is proposed, a record per key and the watermark follow.
 * ARGV: the identity the batch was meant for, then six values a command: its letter, its number of keys, token, ttl
 * in ms, the token to swap from, and the proposed fence.
 * Replies, one array a command: {1} granted, {1, highest, accepted} if a fence was proposed; {0, index, pttl, owner, hash, type} denied because of that key;
 * {-1, message} failed; {2, pttl, owner, hash, type, …} a report, four values a key.
 *
 * The stored form is that of the Redlock specification (redis.io, "Distributed Locks with Redis"): a string
 * holding the token, SET NX PX, compare-and-delete. The token itself never travels back.
 */
export const batchScript = `
local cursor = 0

local function call(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then error({ message = reply.err }) end
  return reply
end

local function read(key)
  local value = redis.pcall('GET', key)
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

local function denied(index, key, value, kind)
  return { 0, index, describe(key, value, kind) }
end

local function extend(key, ttl)
  local left = call('PTTL', key)
  if left >= 0 and left < tonumber(ttl) then call('PEXPIRE', key, ttl) end
end

local function first(keys, blocks)
  for index, key in ipairs(keys) do
    local value, kind = read(key)
    if kind or blocks(value) then return denied(index, key, value, kind) end
  end
end

local function set(keys, token, ttl)
  for index, key in ipairs(keys) do
    local reply = redis.pcall('SET', key, token, 'PX', ttl)
    if reply.err then
      for done = 1, index - 1 do redis.pcall('DEL', keys[done]) end
      error({ message = reply.err })
    end
  end
end

local function number(key, default)
  local value = call('GET', key)
  return tonumber(value or default) or error({ message = 'ERR no number at ' .. key })
end

local function fenced(side, fence)
  if fence == '' then return { 1 } end
  local bound, top = 0, number(side[#side], 0)
  for index = 1, #side - 1 do bound = math.max(bound, number(side[index], top)) end
  if tonumber(fence) <= bound then return { 1, string.format('%.0f', bound), 0 } end
  for index = 1, #side - 1 do call('SET', side[index], fence, 'PX', ${fenceRecordTtl}) end
  if tonumber(fence) > top then call('SET', side[#side], fence) end
  return { 1, fence, 1 }
end

local commands = {}

function commands.a(keys, token, ttl, _, fence, side)
  if #keys == 1 and call('SET', keys[1], token, 'PX', ttl, 'NX') then return fenced(side, fence) end
  local blocked = first(keys, function(value) return value and value ~= token end)
  if blocked then return blocked end
  set(keys, token, ttl)
  return fenced(side, fence)
end

function commands.f(keys, token, _, _, fence, side)
  return first(keys, function(value) return value ~= token end) or fenced(side, fence)
end

function commands.r(keys, token, ttl)
  local blocked = first(keys, function(value) return value ~= token end)
  if blocked then return blocked end
  for _, key in ipairs(keys) do extend(key, ttl) end
  return { 1 }
end

function commands.h(keys, token, ttl)
  local blocked = first(keys, function(value) return value and value ~= token end)
  if blocked then return blocked end
  for _, key in ipairs(keys) do
    if not call('SET', key, token, 'PX', ttl, 'NX') then extend(key, ttl) end
  end
  return { 1 }
end

function commands.s(keys, token, ttl, from, fence, side)
  local blocked = first(keys, function(value) return value ~= from and value ~= token end)
  if blocked then return blocked end
  for _, key in ipairs(keys) do
    local left = call('PTTL', key)
    call('SET', key, token, 'PX', (left > tonumber(ttl)) and string.format('%.0f', left) or ttl)
  end
  return fenced(side, fence)
end

function commands.b(keys, token, ttl, from)
  local blocked = first(keys, function(value) return value ~= from end)
  if blocked then return blocked end
  for _, key in ipairs(keys) do
    local left = math.max(1, math.min(call('PTTL', key), tonumber(ttl)))
    call('SET', key, token, 'PX', string.format('%.0f', left))
  end
  return { 1 }
end

function commands.d(keys, token)
  local reply
  for index, key in ipairs(keys) do
    local value, kind = read(key)
    if value == token then call('DEL', key)
    else reply = reply or denied(index, key, value, kind) end
  end
  return reply or { 1 }
end

function commands.i(keys)
  local reply = { 2 }
  for _, key in ipairs(keys) do
    local value, kind = read(key)
    for _, field in ipairs({ describe(key, value, kind) }) do reply[#reply + 1] = field end
  end
  return reply
end

local function take(count)
  local keys = {}
  for index = 1, count do keys[index] = KEYS[cursor + index] end
  cursor = cursor + count
  return keys
end

local replies = {}
for at = 2, #ARGV, 6 do
  local keys, fence = take(tonumber(ARGV[at + 1])), ARGV[at + 5]
  local side = take(fence == '' and 0 or #keys + 1)
  local fine, reply = pcall(commands[ARGV[at]], keys, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], fence, side)
  if not fine then reply = { -1, type(reply) == 'table' and reply.message or tostring(reply) } end
  replies[#replies + 1] = reply
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

const letters = {
  acquire: "a",
  renew: "r",
  heal: "h",
  swap: "s",
  giveBack: "b",
  fence: "f",
  release: "d",
  inspect: "i",
} as const satisfies Record<LockCommand["op"], string>;

/** KEYS and ARGV of {@link batchScript}. */
export function encodeBatch(
  identity: string | null,
  commands: readonly LockCommand[],
  sideKeys: SideKeys,
): { keys: string[]; args: string[] } {
  const keys: string[] = [];
  const args = [identity ?? ""];
  for (const command of commands) {
    for (const key of command.keys) keys.push(key);
    const fence = "fence" in command ? command.fence : undefined;
    if (fence !== undefined)
      keys.push(...command.keys.map(sideKeys.record), sideKeys.watermark(command.keys[0] ?? ""));
    args.push(
      letters[command.op],
      String(command.keys.length),
      "token" in command ? command.token : "",
      "ttl" in command ? String(command.ttl) : "",
      "from" in command ? command.from : "",
      fence === undefined ? "" : String(fence),
    );
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
  if (!Array.isArray(raw)) return garbage(raw);
  const status = integer(raw[0]);
  if (status === 1 && command.op !== "inspect") {
    const highest = integer(raw[1]);
    if (highest === null) return { kind: "granted" };
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
