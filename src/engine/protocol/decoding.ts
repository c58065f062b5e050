import { Buffer, isUint8Array } from "../../support/platform.js";
import { explained, printable, show } from "../../support/redaction.js";
import type { KeyReport, Reply } from "../node/lock-node.js";
import type { LockCommand } from "./command.js";
import { permitNumber } from "./permit-keys.js";
import { failed, isLuaFault, lastingRefusal, luaFault } from "./refusal.js";
import { isOwnerLabel } from "./token.js";
import { needsMemory } from "./traits.js";
import { type Answer, granted, type Holder, type Reader } from "./vote.js";

/** A string or bytes as text; null for anything else. */
export const text = (value: unknown): string | null =>
  typeof value === "string" ? value : isUint8Array(value) ? Buffer.from(value).toString() : null;

/** The same for a text that a client may have parsed as a number. */
export const written = (value: unknown): string | null =>
  Number.isSafeInteger(value) ? String(value) : text(value);

/**
 * Clients may be configured to return numbers as strings, and text as buffers. The ttl of a foreign key may exceed the
 * safe integers; it is cut to the largest safe integer, which is longer than any ttl of Holdfast.
 */
export const integer = (value: unknown): number | null => {
  const written = typeof value === "number" || typeof value === "bigint" ? String(value) : text(value);
  if (written === null || !/^-?\d+$/.test(written)) return null;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number(written), Number.MAX_SAFE_INTEGER));
};

/** Describes the shape of a value, but not its content, which may belong to another reply and be secret. */
export const shape = (value: unknown): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const written = text(value);
  if (written === null) return show(value);
  return /^[A-Z]{1,10}$/.test(written) ? written : `a string of ${written.length} characters`;
};

/** The failed vote for a reply that the script cannot have produced. */
export const garbage = (value: unknown): Answer => ({
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
const fencesExhausted: Answer = Object.freeze({
  kind: "failed",
  reason: "refused",
  message: `its record of the fence is ${Number.MAX_SAFE_INTEGER}, and no higher number exists: delete that record, and the watermark`,
});

/** Decodes the reply to one command from the script's array. Anything unexpected is a failed vote. */
export function decodeReply(command: LockCommand, raw: unknown): Reply {
  const fenced = "fence" in command && command.fence !== undefined;
  if (!Array.isArray(raw)) {
    return (raw === 1 || integer(raw) === 1) && command.op !== "inspect" && !fenced ? granted : garbage(raw);
  }
  const status = integer(raw[0]);
  if (status === 1 && fenced && command.op !== "acquireAny") {
    return raw.length === 3 ? decodeFence(raw[1], raw[2]) : garbage(raw);
  }
  if (status === 4 && command.op === "acquireAny") return decodePermits(command, raw);
  if (status === -1) {
    const message = printable(text(raw[1]) ?? "no reason given");
    if (isLuaFault(message)) return failed("refused", luaFault(message), true);
    return failed("refused", explained(message), lastingRefusal(message));
  }
  if (status === -2 && raw.length === 1 && needsMemory(command)) return memoryLost;
  if (status === 2 && command.op === "inspect") return decodeReport(command.keys, raw);
  if (status === 3 && command.op === "renewEach") return decodeOthers(command.keys.length, raw);
  if (status === 0 && command.op !== "inspect" && command.op !== "renewEach") {
    const key = command.keys[(integer(raw[1]) ?? 0) - 1];
    const holder = key === undefined ? undefined : decodeHolder(key, raw, 2);
    if (holder !== undefined) return { kind: "denied", holder, ...otherNumber(raw[6]) };
  }
  return garbage(raw);
}

function decodeFence(highestRaw: unknown, acceptedRaw: unknown): Answer {
  const [highest, accepted] = [integer(highestRaw), integer(acceptedRaw)];
  if (highest === null || highest < 0 || (accepted !== 0 && accepted !== 1))
    return garbage([highestRaw, acceptedRaw]);
  return accepted === 0 && highest >= Number.MAX_SAFE_INTEGER
    ? fencesExhausted
    : { kind: "granted", fence: { accepted: accepted === 1, highest } };
}

/** Decodes the positions, counted from 1, of the permits that were granted, and the answer to the fence. */
function decodePermits(command: Extract<LockCommand, { op: "acquireAny" }>, raw: readonly unknown[]): Answer {
  const positions = (text(raw[1]) ?? "").trim().split(" ").map(Number);
  const keys = new Set(positions.flatMap((position) => command.keys[position - 1] ?? []));
  if (keys.size < command.weight || keys.size !== positions.length) return garbage(raw);
  const fenced = command.fence === undefined ? granted : decodeFence(raw[3], raw[4]);
  if (fenced.kind !== "granted") return fenced;
  return { ...fenced, permits: [...keys].map(permitNumber), ...otherNumber(raw[2]) };
}

const otherNumber = (value: unknown): { otherNumber?: number } => {
  const number = integer(value) ?? 0;
  return number > 0 ? { otherNumber: number } : {};
};

/** Decodes the ascending positions, counted from 1, of the keys that were not renewed. */
function decodeOthers(keys: number, raw: readonly unknown[]): Reply {
  const others: number[] = [];
  let last = 0;
  for (const value of raw.slice(1)) {
    const position = integer(value) ?? 0;
    if (position <= last || position > keys) return garbage(raw);
    others.push(position - 1);
    last = position;
  }
  return others.length === 0 ? garbage(raw) : { kind: "partly", others };
}

const hashForm = /^#((?:[0-9a-f]{16})?)([+&!]?)$/;

/** What the mark behind a hash says about the holder. */
const marked = (mark: string | undefined): Pick<Holder, "kept" | "mode" | "upgrading"> => {
  if (mark === "+") return { kept: true };
  if (mark === "&") return { mode: "shared" };
  return mark === "!" ? { mode: "shared", upgrading: true } : {};
};

/** The number of values per key in a report. */
const reported = 6;

function decodeReport(keys: readonly string[], raw: readonly unknown[]): Reply {
  const reports: KeyReport[] = [];
  for (const [index, key] of keys.entries()) {
    const at = 1 + index * reported;
    const holder = decodeHolder(key, raw, at);
    const [readerCount, readers] = [integer(raw[at + 4]), decodeReaders(raw[at + 5])];
    if (holder === undefined || readerCount === null || readers === null) return garbage(raw);
    const isShared = holder !== null && holder.mode === "shared";
    reports.push({ key, holder: isShared && readerCount > 0 ? { ...holder, readers, readerCount } : holder });
  }
  return { kind: "report", keys: reports };
}

/** Decodes "-", or a line for each reader: its remaining time, hash, "+" or "-", and owner. */
function decodeReaders(raw: unknown): Reader[] | null {
  const lines = text(raw);
  if (lines === null) return null;
  const readers: Reader[] = [];
  for (const line of lines === "-" ? [] : lines.split("\n")) {
    const [, ttlLeft, tokenHash, mark, owner = ""] = /^(\d+) ([0-9a-f]{16}) ([+-]) (.*)$/.exec(line) ?? [];
    if (ttlLeft === undefined || tokenHash === undefined) return null;
    const reader = { owner: isOwnerLabel(owner) ? owner : null, tokenHash, ttlLeft: integer(ttlLeft) ?? 0 };
    readers.push(mark === "+" ? { ...reader, kept: true } : reader);
  }
  return readers;
}

/** Decodes four values: pttl, owner label and "~", "#" and hash, type. Null: the key does not exist. Undefined: the values are invalid. */
function decodeHolder(key: string, raw: readonly unknown[], at: number): Holder | null | undefined {
  const pttl = integer(raw[at]);
  const label = text(raw[at + 1]);
  const [, tokenHash, mark] = hashForm.exec(text(raw[at + 2]) ?? "") ?? [];
  const type = text(raw[at + 3]);
  if (pttl === null || label?.endsWith("~") !== true || type === null) return undefined;
  if (type === "none" || pttl === -2) return null;
  // Both values are displayed, so reject anything that a hostile server could inject.
  if (!/^[\w-]{1,32}$/.test(type) || tokenHash === undefined) return undefined;
  const owner = label.slice(0, -1);
  return {
    key,
    owner: isOwnerLabel(owner) ? owner : null,
    tokenHash,
    ttlLeft: pttl < 0 ? null : pttl,
    type,
    ...marked(mark),
  };
}
