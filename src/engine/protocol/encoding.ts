import { Buffer, isUint8Array } from "../../support/platform.js";
import { explained, printable, show } from "../../support/redaction.js";
import type { KeyReport, Reply, Request } from "../node/lock-node.js";
import { type LockCommand, needsMemory, type QueueExit, type QueuePolicy } from "./command.js";
import {
  formatAbstention,
  type Identification,
  longestShort,
  type MemoryChange,
  readMarker,
} from "./memory.js";
import { commands } from "./script.generated.js";
import type { batchScript, identificationScript } from "./script.js";
import { longLeasesKey, markerKey, type SideKeys } from "./side-keys.js";
import { isOwnerLabel } from "./token.js";
import { granted, type Holder } from "./vote.js";

type Form = (typeof commands)[keyof typeof commands];
type Argument = Form["arguments"][number];

/** The entry of the command list that matches the command. */
function formOf(command: LockCommand): Form {
  if (command.op === "acquire" && command.queue !== undefined) {
    if (command.queue.barge) return commands.acquireBarging;
    return command.queue.place === null ? commands.acquireInTurn : commands.acquireOrWait;
  }
  if (command.op === "release" && command.queue !== undefined) {
    if (!command.queue.wake) return commands.releaseAndLeave;
    return command.queue.id === null ? commands.releaseAndWake : commands.releaseLeaveAndWake;
  }
  return commands[command.op];
}

/** The fields that arguments are read from. A command has the fields that its listed arguments need. */
interface ArgumentSource {
  readonly token: string;
  readonly ttl: number;
  readonly from: string;
  readonly queue: QueuePolicy & QueueExit;
}

function argumentOf(command: ArgumentSource, argument: Argument): string {
  switch (argument) {
    case "token":
      return command.token;
    case "ttl":
      return String(command.ttl);
    case "from":
      return command.from;
    case "place":
      return command.queue.place === null ? "" : `${command.queue.place.ticket} ${command.queue.place.id}`;
    case "placeId":
      return command.queue.id ?? "";
  }
}

/** Whether the command may concern a lease that is recorded individually. */
const isLong = (command: LockCommand): boolean =>
  command.op === "release" ? command.long === true : "ttl" in command && command.ttl > longestShort;

/**
 * KEYS and ARGV of {@link batchScript}. `mark`: the mark that the server must have to grant anything; null if no mark is
 * checked.
 */
export function encodeBatch(
  mark: string | null,
  requests: readonly Pick<Request, "command">[],
  sideKeys: SideKeys,
): { keys: string[]; args: string[] } {
  let needed = false;
  let long = false;
  // The longest ttl that the server must record, among the leases that are not recorded individually.
  let longest = 0;
  for (const { command } of requests) {
    if (isLong(command)) long = true;
    if (!needsMemory(command)) continue;
    needed = true;
    if ("ttl" in command && command.ttl <= longestShort) longest = Math.max(longest, command.ttl);
  }
  const keys: string[] = [];
  const args: string[] = [""];
  if (mark !== null && needed) {
    keys.push(markerKey);
    args[0] = mark;
    args.push(String(longest));
  }
  if (mark !== null && long) {
    keys.push(longLeasesKey);
    args[0] = `+${args[0]}`;
  }
  for (const { command } of requests) {
    for (const key of command.keys) keys.push(key);
    const { name, fencedName, arguments: listed, respectsQueues } = formOf(command);
    // A command without a fenced form has no fence.
    const fence = fencedName !== null && "fence" in command ? command.fence : undefined;
    const head = fence === undefined ? name : (fencedName as string);
    args.push(command.keys.length === 1 ? head : head + command.keys.length);
    for (const each of listed) args.push(argumentOf(command as unknown as ArgumentSource, each));
    if (respectsQueues) for (const key of command.keys) keys.push(sideKeys.queue(key));
    if (fence === undefined) continue;
    args.push(String(fence));
    keys.push(...command.keys.map(sideKeys.record), sideKeys.watermark(command.keys[0] ?? ""));
  }
  return { keys, args };
}

const text = (value: unknown): string | null =>
  typeof value === "string" ? value : isUint8Array(value) ? Buffer.from(value).toString() : null;

/**
 * Clients may be configured to return numbers as strings, and text as buffers. The ttl of a foreign key may exceed the
 * safe integers; it is cut to the largest safe integer, which is longer than any ttl of Holdfast.
 */
const integer = (value: unknown): number | null => {
  const written = typeof value === "number" || typeof value === "bigint" ? String(value) : text(value);
  if (written === null || !/^-?\d+$/.test(written)) return null;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number(written), Number.MAX_SAFE_INTEGER));
};

/** Describes the shape of a value, but not its content, which may belong to another reply and be secret. */
const shape = (value: unknown): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const written = text(value);
  if (written === null) return show(value);
  return /^[A-Z]{1,10}$/.test(written) ? written : `a string of ${written.length} characters`;
};

/** The failed vote for a reply that the script cannot have produced. */
export const garbage = (value: unknown): Reply => ({
  kind: "failed",
  reason: "garbage",
  message: `unexpected reply: ${shape(value)}`,
});

/** The failed vote of a server that is not the intended one, or has lost its memory since. */
export const memoryLost: Reply = Object.freeze({
  kind: "failed",
  reason: "quarantined",
  message: "it does not remember what it granted",
});

/** The failed vote of a server whose record leaves no higher number. No clock can have produced such a record. */
const fencesExhausted: Reply = Object.freeze({
  kind: "failed",
  reason: "refused",
  message: `its record of the fence is ${Number.MAX_SAFE_INTEGER}, and no higher number exists: delete that record, and the watermark`,
});

/** Decodes the reply to one command from the script's array. Anything unexpected is a failed vote. */
export function decodeReply(command: LockCommand, raw: unknown): Reply {
  const fenced = "fence" in command && command.fence !== undefined;
  if (!Array.isArray(raw)) {
    return integer(raw) === 1 && command.op !== "inspect" && !fenced ? granted : garbage(raw);
  }
  const status = integer(raw[0]);
  if (status === 1 && fenced) {
    const [highest, accepted] = [integer(raw[1]), integer(raw[2])];
    if (raw.length !== 3 || highest === null || highest < 0) return garbage(raw);
    if (accepted !== 0 && accepted !== 1) return garbage(raw);
    return accepted === 0 && highest >= Number.MAX_SAFE_INTEGER
      ? fencesExhausted
      : { kind: "granted", fence: { accepted: accepted === 1, highest } };
  }
  if (status === -1) {
    return {
      kind: "failed",
      reason: "refused",
      message: explained(printable(text(raw[1]) ?? "no reason given")),
    };
  }
  if (status === -2 && raw.length === 1 && needsMemory(command)) return memoryLost;
  if (status === 2 && command.op === "inspect") return decodeReport(command.keys, raw);
  if (status === 0 && command.op !== "inspect") {
    const key = command.keys[(integer(raw[1]) ?? 0) - 1];
    const holder = key === undefined ? undefined : decodeHolder(key, raw, 2);
    if (holder !== undefined) return { kind: "denied", holder };
  }
  return garbage(raw);
}

const hashForm = /^(?:[0-9a-f]{16})?$/;

function decodeReport(keys: readonly string[], raw: readonly unknown[]): Reply {
  const reports: KeyReport[] = [];
  for (const [index, key] of keys.entries()) {
    const holder = decodeHolder(key, raw, 1 + index * 4);
    if (holder === undefined) return garbage(raw);
    reports.push({ key, holder });
  }
  return { kind: "report", keys: reports };
}

/** Decodes four values: pttl, owner, hash, type. Null: the key does not exist. Undefined: the values are invalid. */
function decodeHolder(key: string, raw: readonly unknown[], at: number): Holder | null | undefined {
  const pttl = integer(raw[at]);
  const owner = text(raw[at + 1]);
  const tokenHash = text(raw[at + 2]);
  const type = text(raw[at + 3]);
  if (pttl === null || owner === null || tokenHash === null || type === null) return undefined;
  if (type === "none" || pttl === -2) return null;
  // Both values are displayed, so reject anything that a hostile server could inject.
  if (!/^[\w-]{1,32}$/.test(type) || !hashForm.test(tokenHash)) return undefined;
  return { key, owner: isOwnerLabel(owner) ? owner : null, tokenHash, ttlLeft: pttl < 0 ? null : pttl, type };
}

/** ARGV of {@link identificationScript}. `age`: the minimum age in ms of the long leases that count. */
export const encodeIdentification = (id: string, change: MemoryChange | null, age: number): string[] => {
  const args = [id, String(Math.floor(age))];
  if (change === null) return args;
  const { marker, abstention, longest, watermark } = change;
  return [...args, marker, formatAbstention(abstention), String(longest), String(watermark)];
};

/**
 * Decodes the reply of {@link identificationScript}. A single part is the run id alone. @throws if the reply is invalid.
 */
export function decodeIdentification(raw: unknown): Identification {
  if (!Array.isArray(raw)) return { runId: text(raw), id: null, memory: null };
  const [runId, marker, , watermark] = raw.map(text);
  if (typeof runId !== "string") throw new Error(`unexpected reply: ${shape(raw)}`);
  if (raw.length === 1) return { runId: runId || null, id: null, memory: null };
  const [now, longLeft] = [integer(raw[2]), integer(raw[4])];
  if (typeof marker !== "string" || typeof watermark !== "string" || now === null || longLeft === null) {
    throw new Error(`unexpected reply: ${shape(raw)}`);
  }
  return readMarker(marker, { runId: runId || null, now, watermark: integer(watermark) ?? 0, longLeft });
}
