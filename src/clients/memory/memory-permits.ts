import type { LockCommand, QueuePlace } from "../../engine/protocol/command.js";
import { permitNumber } from "../../engine/protocol/permit-keys.js";
import { setLapse, setPrecision } from "../../engine/protocol/set-record.js";
import { sideKeysOf } from "../../engine/protocol/side-keys.js";
import type { Answer, Holder } from "../../engine/protocol/vote.js";
import { type Entry, holderOf, left } from "./memory-entry.js";
import type { MemoryQueue } from "./memory-queue.js";

type AcquireAny = Extract<LockCommand, { op: "acquireAny" }>;

/** What the command needs of a store, as of `now`. */
export interface PermitAccess {
  readonly now: number;
  read(key: string): Entry | null;
  /** `lasts`: whether a long ttl is recorded. */
  set(key: string, value: string, ttl: number, lasts: boolean): void;
  /** Returns null if nobody waits. */
  withQueue<T>(key: string, action: (queue: MemoryQueue) => T): T | null;
  join(key: string, place: QueuePlace): void;
  fenced(key: string, fence: number | undefined): Answer;
}

const single = sideKeysOf(false);

/** Takes the first free permits of a semaphore: what `permits.lua` does on a server. */
export function acquireAny(command: AcquireAny, store: PermitAccess): Answer {
  const { keys, token, ttl, weight, permits, fence } = command;
  const { place, barge } = command.queue;
  const { now } = store;
  const [first = ""] = keys;
  const other = otherNumber(first, permits, store);
  const taken = keys.filter((key) => store.read(key)?.value === token);
  const free = keys.filter((key) => store.read(key) === null);
  const missing = Math.max(0, weight - taken.length);
  const isOthersTurn = (queue: MemoryQueue) => {
    if (place !== null) queue.join(place, now);
    if (queue.suffices(place?.id ?? null, missing, free.length, now)) return false;
    queue.wakeInTurn(free.length, now, place?.id);
    return true;
  };
  const isKept = missing > 0 && !barge && store.withQueue(first, isOthersTurn) === true;
  if (isKept || missing > free.length) {
    if (place !== null) store.join(first, place);
    return { kind: "denied", holder: missing <= free.length ? null : soonest(keys, store), ...other };
  }
  taken.push(...free.slice(0, missing));
  for (const key of taken) store.set(key, token, ttl, true);
  if (place !== null) store.withQueue(first, (queue) => queue.remove(place.id));
  const rest = free.length - missing;
  if (rest > 0) store.withQueue(first, (queue) => queue.wakeInTurn(rest, now));
  const answer = store.fenced(first, fence);
  return answer.kind === "granted" ? { ...answer, permits: taken.map(permitNumber), ...other } : answer;
}

/** The number of permits that another process has given lately, if it is another. */
function otherNumber(key: string, number: number, store: PermitAccess): { otherNumber?: number } {
  const record = single.number(key);
  const entry = store.read(record);
  const noted = entry === null ? number : Number(entry.value);
  if (entry === null || noted !== number || left(entry, store.now) < setLapse - setPrecision)
    store.set(record, String(number), setLapse, false);
  return noted === number ? {} : { otherNumber: noted };
}

/** The holder of the permit that is free first. */
function soonest(keys: readonly string[], { read, now }: PermitAccess): Holder | null {
  let first: { readonly key: string; readonly entry: Entry } | null = null;
  for (const key of keys) {
    const entry = read(key);
    if (entry !== null && (first === null || left(entry, now) < left(first.entry, now)))
      first = { key, entry };
  }
  return first && holderOf(first.key, first.entry, now);
}
