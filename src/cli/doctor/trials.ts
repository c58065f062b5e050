import { createHash } from "node:crypto";
import { wakeChannel } from "../../engine/protocol/command.js";
import { longLeasesKey, markerKey, setsKey, watermarkKey } from "../../engine/protocol/side-keys.js";
import { frameChannel } from "../../inspector/publishing/channel.js";
import type { Answer, Purpose, Trial } from "./facts.js";
import { timedOut } from "./refusal.js";
import type { Session } from "./session.js";

/** A script without effect; a server that has it in its script cache already stores no second copy. */
export const harmlessScript = "return 1";
const harmlessSha = createHash("sha1").update(harmlessScript).digest("hex");

type Command = readonly [string, ...string[]];

/** The commands that Holdfast's script applies to a lock's key. None has an effect on a key that does not exist. */
const onLock = (key: string): readonly Command[] => [
  ["EVAL", harmlessScript, "1", key],
  ["EVALSHA", harmlessSha, "1", key],
  ["EXISTS", key],
  ["GET", key],
  writeTo(key),
  ["DEL", key],
  ["TYPE", key],
  ["PTTL", key],
  ["PEXPIRE", key, "1"],
];

/** XX: no effect unless the key exists. */
export const writeTo = (key: string): Command => ["SET", key, "0", "XX", "PX", "1"];

const onQueue = (key: string): readonly Command[] => [
  ["TIME"],
  ["ZADD", key, "XX", "0", "0"],
  ["ZRANGEBYSCORE", key, "0", "0"],
  ["ZREM", key, "0"],
  ["ZSCORE", key, "0"],
];

/** An odd number of values makes HSET fail, after the server has checked the permission. */
const onSets = (key: string): readonly Command[] => [
  ["HGET", key, "0"],
  ["HSET", key, "0", "0", "0"],
  ["HDEL", key, "0"],
  ["HGETALL", key],
];

/** Keys that Holdfast uses besides the locks, and their purposes. They are only named, never read or written. */
const sideKeys = (probe: string): readonly (readonly [Purpose, string, string])[] => [
  ["memory", markerKey, markerKey],
  ["memory", longLeasesKey, longLeasesKey],
  ["sets", setsKey, setsKey],
  ["sets", watermarkKey, watermarkKey],
  ["queue", "holdfast:queue:*", `holdfast:queue:${probe}`],
  ["fence", "holdfast:fence:*", `holdfast:fence:${probe}`],
  ["fence", watermarkKey, watermarkKey],
];

/**
 * Tries every permission that Holdfast may use, as the configured user. Unlike ACL DRYRUN this needs no
 * administrative permission, and it works on servers without that command. `probe` is a name that no other program
 * uses.
 */
export async function tryRights(session: Session, prefix: string, probe: string): Promise<Trial[]> {
  const lockKey = prefix + probe;
  const command = async (purpose: Purpose, words: Command): Promise<Trial> =>
    trial(purpose, "command", words[0], await session.ask(...words));
  // Naming a key for a script requires the same permission as writing to it.
  const key = async (purpose: Purpose, pattern: string, name: string): Promise<Trial> =>
    trial(purpose, "key", pattern, await session.ask("EVAL", harmlessScript, "1", name));
  const trials = await Promise.all([
    ...onLock(lockKey).map((words) => command("lock", words)),
    key("lock", `${prefix}*`, lockKey),
    command("identity", ["INFO", "server"]),
    ...onSets(lockKey).map((words) => command("sets", words)),
    ...onQueue(lockKey).map((words) => command("queue", words)),
    ...sideKeys(probe).map(([purpose, pattern, name]) => key(purpose, pattern, name)),
  ]);
  const channel = wakeChannel(probe);
  const published = await session.ask("PUBLISH", channel, "0");
  // ioredis trusts replies to a subscriber: it would throw an uncatchable error.
  if (published.ok && typeof published.value !== "number") return trials;
  // Last, because a connection that subscribes can do nothing else.
  const subscribed = await session.subscribe(channel);
  // Only subscribed to: a message would reach those who watch. The right to the channel is the same for both.
  const watched = await session.subscribe(frameChannel);
  return [
    ...trials,
    ...channelTrials("PUBLISH", published),
    ...channelTrials("SUBSCRIBE", subscribed),
    trial("publish", "channel", frameChannel, watched),
  ];
}

function channelTrials(name: string, answer: Answer<unknown>): Trial[] {
  return [trial("wake", "command", name, answer), trial("wake", "channel", wakeChannel("*"), answer)];
}

/** A server checks the command first, then its keys and channels, and reports only the first refusal. */
const order = ["command", "key", "channel"] as const;

function trial(purpose: Purpose, kind: Trial["needs"]["kind"], name: string, answer: Answer<unknown>): Trial {
  return { purpose, needs: { kind, name }, outcome: outcomeFor(kind, answer) };
}

/** What one answer says about one permission. */
export function outcomeFor(kind: Trial["needs"]["kind"], answer: Answer<unknown>): Trial["outcome"] {
  if (answer.ok) return "allowed";
  const { code, message } = answer.refusal;
  if (code === timedOut || code === "") return "unknown";
  const missing = /unknown command/i.test(message);
  // Any other error comes after all permission checks.
  if (code !== "NOPERM" && !missing) return "allowed";
  const refused = order.indexOf(missing ? "command" : aboutOf(message));
  if (refused !== order.indexOf(kind)) return refused < order.indexOf(kind) ? "unknown" : "allowed";
  return missing ? "missing" : "forbidden";
}

function aboutOf(message: string): Trial["needs"]["kind"] {
  if (/permissions to run\b/i.test(message)) return "command";
  return /\bchannels?\b/i.test(message) ? "channel" : "key";
}
