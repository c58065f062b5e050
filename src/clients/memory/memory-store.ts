import type { Reply } from "../../engine/node/lock-node.js";
import type { LockCommand, QueuePlace, QueuePolicy } from "../../engine/protocol/command.js";
import { longestShort } from "../../engine/protocol/memory.js";
import { sharedKey } from "../../engine/protocol/permit-keys.js";
import { fenceRecordTtl } from "../../engine/protocol/script.js";
import { sideKeysOf } from "../../engine/protocol/side-keys.js";
import { type Answer, granted, type Holder } from "../../engine/protocol/vote.js";
import { type Entry, holderOf, keptForm, left } from "./memory-entry.js";
import { acquireAny, type PermitAccess } from "./memory-permits.js";
import { MemoryQueue, type Publish } from "./memory-queue.js";

type Acquire = Extract<LockCommand, { op: "acquire" }>;

const single = sideKeysOf(false);
/** A server's reply to an invalid ttl. */
const noTtl: Answer = {
  kind: "failed",
  reason: "refused",
  message: "ERR invalid expire time in 'set' command",
};
/**
 * Expired entries and abandoned queues are swept when the number of both has doubled since the last sweep; at least
 * this many.
 */
const smallestSweep = 1_024;

/** The lock commands over a map: the in-memory equivalent of {@link batchScript}. Time is passed in, ms. */
export class MemoryStore {
  readonly #entries = new Map<string, Entry>();
  /** By the lock's key, or by that of the semaphore. Empty queues are removed. */
  readonly #queues = new Map<string, MemoryQueue>();
  #sweepAt = smallestSweep;
  #watermark = 0;

  /** `publish` notifies waiters that it is their turn. */
  constructor(private readonly publish: Publish = () => {}) {}

  /** The number of entries, including expired ones that were not read since. */
  get entryCount(): number {
    return this.#entries.size;
  }

  /** The number of keys with waiters, including waiters that have expired. */
  get queueCount(): number {
    return this.#queues.size;
  }

  /** The highest fence that was accepted. */
  get watermark(): number {
    return this.#watermark;
  }

  /** ms until the last of the long leases ends that have been held for at least `age` ms. */
  longLeft(now: number, age: number): number {
    let longest = 0;
    for (const entry of this.#entries.values()) {
      if (entry.longSince !== null && now - entry.longSince >= age)
        longest = Math.max(longest, left(entry, now));
    }
    return Math.ceil(longest);
  }

  /** Raises the watermark to at least this value. */
  raiseWatermark(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
  }

  /** Executes one command, for all of its keys or none. */
  apply(command: LockCommand, now: number): Reply {
    const renews = command.op === "renew" || command.op === "renewEach";
    if ("ttl" in command && !renews && !(command.ttl > 0)) return noTtl;
    switch (command.op) {
      case "acquire": {
        const { keys, token, ttl, queue } = command;
        const blocked = this.#unavailable(command, now);
        if (queue !== undefined)
          for (const key of keys) this.#updateQueue(key, command, blocked === null, now);
        if (blocked !== null) return blocked;
        for (const key of keys) this.#set(key, token, ttl, now, this.#longSince(key, ttl, now));
        return this.#fenced(keys, command.fence, now);
      }
      case "acquireAny":
        return acquireAny(command, this.#permitAccess(now));
      case "renew": {
        const blocked = this.#first(command.keys, now, (value) => value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#extend(key, command.token, command.ttl, now);
        return granted;
      }
      case "renewEach":
        return this.#renewEach(command, now);
      case "heal": {
        const blocked = this.#first(command.keys, now, (value) => value !== null && value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#extend(key, command.token, command.ttl, now);
        return granted;
      }
      case "swap": {
        const holds = [command.from, command.token];
        const blocked = this.#first(command.keys, now, (value) => value === null || !holds.includes(value));
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#extend(key, command.token, command.ttl, now);
        return this.#fenced(command.keys, command.fence, now);
      }
      case "giveBack": {
        const blocked = this.#first(command.keys, now, (value) => value !== command.from);
        if (blocked !== null) return blocked;
        for (const key of command.keys) {
          const entry = this.#read(key, now);
          if (entry === null) continue;
          this.#set(key, command.token, Math.min(left(entry, now), command.ttl), now, entry.longSince);
        }
        return granted;
      }
      case "fence": {
        const blocked = this.#first(command.keys, now, (value) => value !== command.token);
        return blocked ?? this.#fenced(command.keys, command.fence, now);
      }
      case "release": {
        const { keys, token, rest, queue } = command;
        const blocked = this.#first(keys, now, (value) => value !== token);
        for (const key of keys) {
          if (this.#read(key, now)?.value === token) this.#release(key, rest, now);
        }
        if (queue !== undefined) {
          const wakes = queue.wake || (blocked !== null && queue.id !== null);
          for (const key of keys) this.#leaveQueue(key, queue.id, wakes && rest === undefined, now);
        }
        return blocked ?? granted;
      }
      case "inspect":
        return {
          kind: "report",
          keys: command.keys.map((key) => ({ key, holder: this.#holder(key, now) })),
        };
    }
  }

  #renewEach({ keys, tokens, ttl }: Extract<LockCommand, { op: "renewEach" }>, now: number): Reply {
    const others: number[] = [];
    for (const [index, key] of keys.entries()) {
      const token = tokens[index] ?? "";
      if (this.#read(key, now)?.value === token) this.#extend(key, token, ttl, now);
      else others.push(index);
    }
    return others.length === 0 ? granted : { kind: "partly", others };
  }

  /** The denial because a key is held or, if none is held, because of another waiter's turn at one of the keys. */
  #unavailable({ keys, token, queue }: Acquire, now: number): Answer | null {
    const deferred = keys.map((key) => this.#deferred(key, token, queue, now));
    const held = this.#first(keys, now, (value) => value !== null && value !== token);
    return held ?? deferred.find((denial) => denial !== null) ?? null;
  }

  /** The denial because of another waiter's turn. */
  #deferred(key: string, token: string, policy: QueuePolicy | undefined, now: number): Answer | null {
    if (policy === undefined || policy.barge) return null;
    const value = this.#read(key, now)?.value ?? null;
    return this.#withQueue(key, (queue) => {
      if (policy.place !== null) queue.join(policy.place, now);
      const firstId = queue.firstId(now);
      if (firstId === null || firstId === policy.place?.id || value === token) return null;
      if (value === null) queue.wakeFirst(now);
      return { kind: "denied", holder: this.#holder(key, now) };
    });
  }

  /**
   * Removes a waiter that was granted the key. A waiter that was denied this key, or another one with it, joins or
   * keeps its place.
   */
  #updateQueue(key: string, { keys, queue: policy }: Acquire, isGranted: boolean, now: number): void {
    const place = policy?.place ?? null;
    if (place === null) return;
    if (isGranted) {
      this.#withQueue(key, (queue) => queue.remove(place.id));
      return;
    }
    const queue = this.#join(key, place, now);
    if (keys.length > 1 && this.#read(key, now) === null && queue.firstId(now) === place.id)
      queue.markInformed(now);
  }

  #join(key: string, place: QueuePlace, now: number): MemoryQueue {
    const shared = sharedKey(key);
    const queue = this.#queues.get(shared) ?? new MemoryQueue(this.publish);
    queue.join(place, now);
    this.#queues.set(shared, queue);
    this.#sweep(now);
    return queue;
  }

  /** Leaves the queue. If `wakes`, the first remaining waiter is notified that the key is free. */
  #leaveQueue(key: string, id: string | null, wakes: boolean, now: number): void {
    const isFree = this.#read(key, now) === null;
    this.#withQueue(key, (queue) => {
      if (id !== null) queue.remove(id);
      if (wakes && isFree) queue.wakeFirst(now);
    });
  }

  #permitAccess(now: number): PermitAccess {
    return {
      now,
      read: (key) => this.#read(key, now),
      set: (key, value, ttl, lasts) =>
        this.#set(key, value, ttl, now, lasts ? this.#longSince(key, ttl, now) : null),
      withQueue: (key, action) => this.#withQueue(key, action),
      join: (key, place) => void this.#join(key, place, now),
      fenced: (key, fence) => this.#fenced([key], fence, now),
    };
  }

  /** Returns null if there are no waiters. Drops the queue when it becomes empty. */
  #withQueue<T>(key: string, action: (queue: MemoryQueue) => T): T | null {
    const shared = sharedKey(key);
    const queue = this.#queues.get(shared);
    if (queue === undefined) return null;
    const result = action(queue);
    if (queue.isEmpty) this.#queues.delete(shared);
    return result;
  }

  /** Accepts the proposed fence if it is above the resource's record, or above the watermark if there is no record. */
  #fenced(keys: readonly string[], fence: number | undefined, now: number): Answer {
    if (fence === undefined) return granted;
    const seen = (key: string) => Number(this.#read(single.record(key), now)?.value ?? this.#watermark);
    const record = (key: string, value: number) =>
      this.#set(single.record(key), String(value), fenceRecordTtl, now, null);
    const bound = Math.max(...keys.map(seen));
    if (fence <= bound) {
      // Stores the current bound for keys without a record. Only leases of these keys can raise a record, so the next
      // proposal is not compared with a watermark that other resources have raised meanwhile.
      for (const key of keys) record(key, seen(key));
      return { kind: "granted", fence: { accepted: false, highest: bound } };
    }
    for (const key of keys) record(key, fence);
    this.#watermark = Math.max(this.#watermark, fence);
    return { kind: "granted", fence: { accepted: true, highest: fence } };
  }

  #first(keys: readonly string[], now: number, blocks: (value: string | null) => boolean): Answer | null {
    const key = keys.find((candidate) => blocks(this.#read(candidate, now)?.value ?? null));
    return key === undefined ? null : { kind: "denied", holder: this.#holder(key, now) };
  }

  #holder(key: string, now: number): Holder | null {
    const entry = this.#read(key, now);
    return entry === null ? null : holderOf(key, entry, now);
  }

  #read(key: string, now: number): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (left(entry, now) > 0) return entry;
    this.#entries.delete(key);
    return null;
  }

  /** Never shortens an existing ttl. */
  #extend(key: string, value: string, ttl: number, now: number): void {
    const entry = this.#read(key, now);
    const longSince = this.#longSince(key, ttl, now);
    this.#set(key, value, Math.max(ttl, entry === null ? 0 : left(entry, now)), now, longSince);
  }

  /** Deletes the key, or keeps it for at most `rest` ms in a form that no command in the name of its token can change. */
  #release(key: string, rest: number | undefined, now: number): void {
    const entry = this.#read(key, now);
    if (entry === null || rest === undefined) this.#entries.delete(key);
    else this.#set(key, keptForm(entry.value), Math.min(left(entry, now), rest), now, entry.longSince);
  }

  #longSince(key: string, ttl: number, now: number): number | null {
    return this.#read(key, now)?.longSince ?? (ttl > longestShort ? now : null);
  }

  #set(key: string, value: string, ttl: number, now: number, longSince: number | null): void {
    this.#entries.set(key, { value, ttl, since: now, longSince });
    this.#sweep(now);
  }

  #sweep(now: number): void {
    if (this.#entries.size + this.#queues.size < this.#sweepAt) return;
    for (const key of this.#entries.keys()) this.#read(key, now);
    for (const key of this.#queues.keys()) this.#withQueue(key, (queue) => queue.firstId(now));
    this.#sweepAt = Math.max(smallestSweep, (this.#entries.size + this.#queues.size) * 2);
  }
}
