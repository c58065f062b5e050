import type { Request } from "../node/lock-node.js";
import type { LockCommand, QueueExit, QueuePolicy } from "./command.js";
import { longestShort } from "./memory.js";
import { commands } from "./script.generated.js";
import type { batchScript } from "./script.js";
import { longLeasesKey, markerKey, type SideKeys } from "./side-keys.js";
import { isSharedToken } from "./token.js";
import { needsMemory } from "./traits.js";

type Form = (typeof commands)[keyof typeof commands];
type Argument = Form["arguments"][number];

/** The entry of the command list that matches the command. */
function formOf(command: LockCommand): Form {
  if (command.op === "acquire" && command.queue !== undefined) {
    if (command.queue.barge) return commands.acquireBarging;
    return command.queue.place === null ? commands.acquireInTurn : commands.acquireOrWait;
  }
  if (command.op === "release" && command.rest !== undefined) {
    return (command.queue?.id ?? null) === null ? commands.releaseAndKeep : commands.releaseLeaveAndKeep;
  }
  if (command.op === "release" && command.queue !== undefined) {
    if (command.queue.place !== undefined) return commands.releaseAndWait;
    if (!command.queue.wake) return commands.releaseAndLeave;
    return command.queue.id === null ? commands.releaseAndWake : commands.releaseLeaveAndWake;
  }
  if (command.op === "inspect" && command.readers === true) return commands.inspectReaders;
  return commands[command.op];
}

/** The fields that arguments are read from. A command has the fields that its listed arguments need. */
interface ArgumentSource {
  readonly token: string;
  readonly tokens: readonly string[];
  readonly ttl: number;
  readonly from: string;
  readonly rest: number;
  readonly weight: number;
  readonly permits: number;
  readonly queue: QueuePolicy & QueueExit;
}

function argumentOf(command: ArgumentSource, argument: Argument): string {
  switch (argument) {
    case "token":
      return command.token;
    case "tokens":
      return command.tokens.join("\n");
    case "ttl":
      return String(command.ttl);
    case "from":
      return command.from;
    case "rest":
      return String(command.rest);
    case "place":
      return command.queue.place === null ? "" : `${command.queue.place.ticket} ${command.queue.place.id}`;
    case "placeId":
      return command.queue.id ?? "";
    case "weight":
      return String(command.weight);
    case "permits":
      return String(command.permits);
    case "barges":
      return command.queue.barge ? "1" : "0";
  }
}

/** Whether the command is in the name of a shared token. Of several tokens, all are shared or none. */
const isShared = (command: LockCommand): boolean =>
  ("token" in command && isSharedToken(command.token)) ||
  (command.op === "renewEach" && isSharedToken(command.tokens[0] ?? ""));

/** Whether the command may concern a lease that is recorded individually. */
const isLong = (command: LockCommand): boolean =>
  command.op === "release" ? command.long === true : "ttl" in command && command.ttl > longestShort;

/** What a batch contributes to KEYS and ARGV of {@link batchScript}, whatever the server. */
interface EncodedCommands {
  readonly commands: readonly LockCommand[];
  readonly sideKeys: SideKeys;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Whether a command needs the memory of the server. */
  readonly needed: boolean;
  /** Whether a command may concern a lease that is recorded individually. */
  readonly long: boolean;
  /** The longest ttl that the server must record, among the leases that are not recorded individually. */
  readonly longest: number;
}

function encodeCommands(commands: readonly LockCommand[], sideKeys: SideKeys): EncodedCommands {
  let needed = false;
  let long = false;
  let longest = 0;
  const keys: string[] = [];
  const args: string[] = [];
  for (const command of commands) {
    if (isLong(command)) long = true;
    if (!needsMemory(command)) continue;
    needed = true;
    if ("ttl" in command && command.ttl <= longestShort) longest = Math.max(longest, command.ttl);
  }
  for (const command of commands) {
    for (const key of command.keys) keys.push(key);
    const {
      name,
      fencedName,
      arguments: listed,
      respectsQueues,
      sharesSideKeys,
      readsReaders,
    } = formOf(command);
    const [first = ""] = command.keys;
    // A command without a fenced form has no fence.
    const fence = fencedName !== null && "fence" in command ? command.fence : undefined;
    const head = fence === undefined ? name : (fencedName as string);
    args.push(command.keys.length === 1 ? head : head + command.keys.length);
    for (const each of listed) args.push(argumentOf(command as unknown as ArgumentSource, each));
    if (respectsQueues) for (const key of command.keys) keys.push(sideKeys.queue(key));
    if (sharesSideKeys) keys.push(sideKeys.queue(first), sideKeys.number(first));
    if (readsReaders || isShared(command)) for (const key of command.keys) keys.push(sideKeys.readers(key));
    if (fence === undefined) continue;
    args.push(String(fence));
    const recorded = sharesSideKeys ? [first] : command.keys;
    keys.push(...recorded.map(sideKeys.record), sideKeys.watermark(first));
  }
  return { commands, sideKeys, keys, args, needed, long, longest };
}

/** The latest encoded commands. The nodes of a round are sent the same commands one after the other. */
let latest: EncodedCommands | null = null;

/** Encodes the commands of the requests, or returns what was encoded for the node before. */
function encoded(requests: readonly Pick<Request, "command">[], sideKeys: SideKeys): EncodedCommands {
  const isLatest =
    latest?.sideKeys === sideKeys &&
    latest.commands.length === requests.length &&
    latest.commands.every((command, index) => command === requests[index]?.command);
  if (latest === null || !isLatest)
    latest = encodeCommands(
      requests.map(({ command }) => command),
      sideKeys,
    );
  return latest;
}

/**
 * KEYS and ARGV of {@link batchScript}. `mark`: the mark that the server must have to grant anything; null if no mark is
 * checked.
 */
export function encodeBatch(
  mark: string | null,
  requests: readonly Pick<Request, "command">[],
  sideKeys: SideKeys,
): { keys: string[]; args: string[] } {
  const { keys, args, needed, long, longest } = encoded(requests, sideKeys);
  const checked = mark !== null && needed ? [mark, String(longest)] : [""];
  const servers = mark !== null && needed ? [markerKey] : [];
  if (mark !== null && long) {
    servers.push(longLeasesKey);
    checked[0] = `+${checked[0]}`;
  }
  return { keys: [...servers, ...keys], args: [...checked, ...args] };
}
