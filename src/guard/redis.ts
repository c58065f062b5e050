import { InvalidOptionError, StaleFenceError } from "../errors.js";
import { checkKnown } from "./check-known.js";
import { checkSeen } from "./fence-value.js";

/**
 * KEYS: the record, and the record's fence. ARGV: the fence, how long the fence is kept (ms, "" forever), a command,
 * and the command's arguments after its key. Replies {1, the command's reply}, or {0, the newer fence}.
 *
 * A failing script does not undo its earlier writes, so the script writes the fence before the record.
 */
const script = `
local seen = redis.call('GET', KEYS[2])
if seen and not string.match(seen, '^%d+$') then return redis.error_reply('ERR no fence at ' .. KEYS[2]) end
if seen and tonumber(seen) > tonumber(ARGV[1]) then return { 0, seen } end
if ARGV[2] == '' then redis.call('SET', KEYS[2], ARGV[1]) else redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
return { 1, redis.call(ARGV[3], KEYS[1], unpack(ARGV, 4)) }
`;

/** A Lua stack has room for 8,000 values. */
const maxArguments = 5_000;

/** A write to one record. */
export interface RedisWrite {
  readonly key: string;
  /** Any command whose first key is `key`, without that key: `["SET", "value", "PX", 60_000]`. */
  readonly command: readonly (string | number)[];
  /**
   * The key that stores the record's highest fence. Default: the key and ":fence", with braces around the key if it has
   * none, so that a Cluster keeps both in one slot.
   */
  readonly fenceKey?: string | undefined;
  /**
   * ms for which the fence is kept after the last write: longer than any of your processes may be suspended. Default:
   * forever.
   */
  readonly keep?: number | undefined;
}

/**
 * The arguments for `eval`: `client.eval(script, keys.length, ...keys, ...args)` or `client.eval(script, { keys,
 * arguments: args })`.
 */
export interface GuardedRedis {
  readonly script: string;
  readonly keys: string[];
  readonly args: string[];
  /**
   * Returns the command's reply. @throws StaleFenceError when the record has seen a newer fence; then nothing was
   * written.
   */
  outcome(reply: unknown): unknown;
}

export function guardedRedis(fence: number, write: RedisWrite): GuardedRedis {
  checkKnown("write", write, ["key", "command", "fenceKey", "keep"]);
  const { key, command, keep } = write;
  if (typeof key !== "string" || key === "") throw new InvalidOptionError("key", key, "a non-empty string");
  const { fenceKey = fenceKeyOf(key) } = write;
  if (typeof fenceKey !== "string" || fenceKey === "" || fenceKey === key)
    throw new InvalidOptionError("fenceKey", fenceKey, "a non-empty string, other than the key");
  if (!Array.isArray(command) || command.length > maxArguments || !command.every(isArgument) || !command[0])
    throw new InvalidOptionError(
      "command",
      command,
      `a command's name and up to ${maxArguments - 1} strings or numbers`,
    );
  if (keep !== undefined && !(Number.isSafeInteger(keep) && keep > 0))
    throw new InvalidOptionError("keep", keep, "a positive integer of ms");
  return {
    script,
    keys: [key, fenceKey],
    args: [String(fence), String(keep ?? ""), ...command.map(String)],
    outcome(reply) {
      if (!Array.isArray(reply) || (reply[0] !== 0 && reply[0] !== 1))
        throw new InvalidOptionError("reply", reply, "what eval gave for this script");
      if (reply[0] === 0) throw new StaleFenceError(fence, checkSeen(String(reply[1])));
      return reply[1];
    },
  };
}

const isArgument = (value: unknown): boolean => typeof value === "string" || Number.isFinite(value);

/** A Cluster hashes only the part in braces. A key with braces that do not enclose such a part is hashed as a whole. */
const fenceKeyOf = (key: string): string => (/[{}]/.test(key) ? `${key}:fence` : `{${key}}:fence`);
