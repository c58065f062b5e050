import type { Reply } from "../../engine/node/lock-node.js";
import { type LockCommand, type QueuePolicy, sharedForm } from "../../engine/protocol/command.js";
import { isSharedToken } from "../../engine/protocol/token.js";
import { type Answer, granted, type Holder } from "../../engine/protocol/vote.js";
import { hashOf } from "../../support/platform.js";
import { MemoryEntries } from "./memory-entries.js";
import { holderOf, keptForm, left } from "./memory-entry.js";
import { MemoryFences } from "./memory-fences.js";
import { acquireAny, type PermitAccess } from "./memory-permits.js";
import type { Publish } from "./memory-queue.js";
import { MemoryQueues, wakeNext } from "./memory-queues.js";
import { MemoryReaders } from "./memory-readers.js";
import { MemoryUpgrades } from "./memory-upgrades.js";

/** A command in the name of a token, which may replace another. */
interface Tokened {
  readonly keys: readonly string[];
  readonly token: string;
  readonly from?: string;
}

type Acquire = Extract<LockCommand, { op: "acquire" }>;
type Inspect = Extract<LockCommand, { op: "inspect" }>;
type Release = Extract<LockCommand, { op: "release" }>;

/** Who holds a key that several tokens share. */
const sharedHolder = {
  owner: null,
  tokenHash: hashOf("sha1", sharedForm).slice(0, 16),
  type: "string",
  mode: "shared",
} as const;
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
  readonly #entries = new MemoryEntries();
  readonly #readers = new MemoryReaders(this.#entries);
  readonly #fences = new MemoryFences(this.#entries);
  readonly #queues: MemoryQueues;
  readonly #upgrades: MemoryUpgrades;
  #sweepAt = smallestSweep;

  /** `publish` notifies waiters that it is their turn. */
  constructor(publish: Publish = () => {}) {
    this.#queues = new MemoryQueues(publish);
    const holder = (key: string, now: number) => this.#holder(key, now);
    this.#upgrades = new MemoryUpgrades(this.#entries, this.#readers, this.#queues, holder);
  }

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
    return this.#fences.watermark;
  }

  /** ms until the last of the long leases ends that have been held for at least `age` ms. */
  longLeft(now: number, age: number): number {
    return this.#entries.longLeft(now, age);
  }

  /** Raises the watermark to at least this value. */
  raiseWatermark(watermark: number): void {
    this.#fences.raise(watermark);
  }

  /** Executes one command, for all of its keys or none. */
  apply(command: LockCommand, now: number): Reply {
    const renews = command.op === "renew" || command.op === "renewEach";
    if ("ttl" in command && !renews && !(command.ttl > 0)) return noTtl;
    const reply = this.#run(command, now);
    this.#sweep(now);
    return reply;
  }

  #run(command: LockCommand, now: number): Reply {
    const { keys } = command;
    switch (command.op) {
      case "acquire":
        return this.#acquire(command, now);
      case "acquireAny":
        return acquireAny(command, this.#permitAccess(now));
      case "renew": {
        const blocked = this.#first(command, now, (value) => value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of keys) this.#hold(key, command.token, command.ttl, now);
        return granted;
      }
      case "renewEach":
        return this.#renewEach(command, now);
      case "heal": {
        const blocked = this.#first(command, now, (value) => value !== null && value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of keys) this.#hold(key, command.token, command.ttl, now);
        return granted;
      }
      case "swap": {
        const holds = [command.from, command.token];
        const blocked = this.#first(command, now, (value) => value === null || !holds.includes(value));
        if (blocked !== null) return blocked;
        for (const key of keys) this.#swap(command, key, now);
        return this.#fences.propose(keys, command.fence, now);
      }
      case "giveBack": {
        const { from } = command;
        const blocked = this.#first({ keys, token: from }, now, (value) => value !== from);
        if (blocked !== null) return blocked;
        for (const key of keys) this.#giveBack(command, key, now);
        return granted;
      }
      case "fence": {
        const blocked = this.#first(command, now, (value) => value !== command.token);
        return blocked ?? this.#fences.propose(keys, command.fence, now);
      }
      case "release":
        return this.#release(command, now);
      case "inspect":
        return {
          kind: "report",
          keys: keys.map((key) => ({ key, holder: this.#reported(command, key, now) })),
        };
      case "upgrade": {
        const blocked = this.#first(command, now, (value) => value !== command.token);
        const denied = blocked ?? this.#upgrades.upgrade(command, now);
        return denied ?? this.#fences.propose(keys, command.fence, now);
      }
      case "downgrade":
        this.#upgrades.downgrade(command, now);
        return this.#first(command, now, (value) => value !== command.token) ?? granted;
    }
  }

  #acquire(command: Acquire, now: number): Reply {
    const { keys, token, ttl, queue } = command;
    const blocked = this.#unavailable(command, now);
    for (const key of blocked === null ? keys : []) {
      if (isSharedToken(token)) this.#readers.hold(key, token, ttl, now);
      else this.#entries.write(key, token, ttl, now);
    }
    if (queue !== undefined) for (const key of keys) this.#updateQueue(key, command, blocked === null, now);
    return blocked ?? this.#fences.propose(keys, command.fence, now);
  }

  #renewEach({ keys, tokens, ttl }: Extract<LockCommand, { op: "renewEach" }>, now: number): Reply {
    const others: number[] = [];
    for (const [index, key] of keys.entries()) {
      const token = tokens[index] ?? "";
      if (this.#readers.view(key, now, token) === token) this.#hold(key, token, ttl, now);
      else others.push(index);
    }
    return others.length === 0 ? granted : { kind: "partly", others };
  }

  #release(command: Release, now: number): Reply {
    const { keys, token, rest, queue } = command;
    const blocked = this.#first(command, now, (value) => value !== token);
    for (const key of keys) {
      if (this.#readers.view(key, now, token) === token) this.#drop(key, rest, now, token);
    }
    if (queue === undefined) return blocked ?? granted;
    if (queue.place !== undefined) {
      for (const key of keys) this.#queues.join(key, queue.place, now);
      return blocked ?? granted;
    }
    const wakes = (queue.wake || (blocked !== null && queue.id !== null)) && rest === undefined;
    for (const key of keys) {
      if (wakes) this.#queues.leaveAndWake(key, queue.id, this.#entries.valueOf(key, now), now);
      else if (queue.id !== null) this.#queues.leave(key, queue.id);
    }
    if (isSharedToken(token) && rest === undefined && (queue.wake || queue.id !== null))
      for (const key of keys) this.#upgrades.wake(key, now);
    return blocked ?? granted;
  }

  /** The denial because a key is held or, if none is held, because of another waiter's turn at one of the keys. */
  #unavailable({ keys, token, queue }: Acquire, now: number): Answer | null {
    const upgrading = queue?.barge === true ? this.#upgrades.denialOf(keys, token, now) : null;
    if (upgrading !== null) return upgrading;
    const deferred = keys.map((key) => this.#deferred(key, token, queue, now));
    const held = this.#first({ keys, token }, now, (value) => value !== null && value !== token);
    return held ?? deferred.find((denial) => denial !== null) ?? null;
  }

  /** The denial because of another waiter's turn. */
  #deferred(key: string, token: string, policy: QueuePolicy | undefined, now: number): Answer | null {
    if (policy === undefined || policy.barge) return null;
    return this.#queues.with(key, (queue) => {
      if (policy.place !== null) queue.join(policy.place, now);
      const firstId = queue.firstId(now);
      if (firstId === null || firstId === policy.place?.id) return null;
      // Readers pass each other, but no writer.
      if (isSharedToken(token) && !queue.hasWriterBefore(policy.place?.id ?? null)) return null;
      if (this.#readers.view(key, now, token) === token) return null;
      wakeNext(queue, this.#entries.valueOf(key, now), now);
      return { kind: "denied", holder: this.#holder(key, now) };
    });
  }

  /**
   * Removes a waiter that was granted the key. A waiter that was denied this key, or another one with it, joins or
   * keeps its place.
   */
  #updateQueue(key: string, { keys, token, queue: policy }: Acquire, isGranted: boolean, now: number): void {
    const place = policy?.place ?? null;
    if (place === null) return;
    const value = this.#entries.valueOf(key, now);
    if (isGranted) {
      if (isSharedToken(token)) this.#queues.leaveAndWake(key, place.id, value, now);
      else this.#queues.leave(key, place.id);
      return;
    }
    const queue = this.#queues.join(key, place, now);
    if (keys.length > 1 && value === null && queue.firstId(now) === place.id) queue.markInformed(now);
  }

  #permitAccess(now: number): PermitAccess {
    return {
      now,
      read: (key) => this.#entries.read(key, now),
      set: (key, value, ttl, lasts) => this.#entries[lasts ? "write" : "set"](key, value, ttl, now),
      withQueue: (key, action) => this.#queues.with(key, action),
      join: (key, place) => void this.#queues.join(key, place, now),
      fenced: (key, fence) => this.#fences.propose([key], fence, now),
    };
  }

  /** The denial because of the first key whose value blocks the command, as the command sees that value. */
  #first(command: Tokened, now: number, blocks: (value: string | null) => boolean): Answer | null {
    const { keys, token, from = token } = command;
    for (const key of keys) {
      const value = this.#readers.view(key, now, token, from);
      if (!blocks(value)) continue;
      // A key that others share is free for the command, which needed to hold it.
      return { kind: "denied", holder: value === null ? null : this.#holder(key, now) };
    }
    return null;
  }

  #reported({ readers }: Inspect, key: string, now: number): Holder | null {
    const holder = this.#holder(key, now);
    if (readers !== true || holder?.mode !== "shared") return holder;
    return { ...holder, ...this.#readers.report(key, now) };
  }

  #holder(key: string, now: number): Holder | null {
    const entry = this.#entries.read(key, now);
    if (entry?.value === sharedForm) return { ...sharedHolder, key, ttlLeft: Math.ceil(left(entry, now)) };
    return entry === null ? null : holderOf(key, entry, now);
  }

  /** Extends the token's hold on a key, which others may share. */
  #hold(key: string, token: string, ttl: number, now: number): void {
    if (isSharedToken(token)) this.#readers.hold(key, token, ttl, now);
    else this.#entries.extend(key, token, ttl, now);
  }

  #swap({ from, token, ttl }: Extract<LockCommand, { op: "swap" }>, key: string, now: number): void {
    const until = Math.max(this.#readers.until(key, from), this.#readers.until(key, token), now + ttl);
    if (isSharedToken(token) && this.#readers.replace(key, from, token, until, now)) return;
    this.#entries.extend(key, token, ttl, now);
  }

  #giveBack({ from, token, ttl }: Extract<LockCommand, { op: "giveBack" }>, key: string, now: number): void {
    const entry = this.#entries.read(key, now);
    if (entry === null) return;
    const until = Math.min(this.#readers.until(key, from), now + ttl);
    if (isSharedToken(token) && this.#readers.replace(key, from, token, until, now)) return;
    this.#entries.set(key, token, Math.min(left(entry, now), ttl), now, entry.longSince);
  }

  /** Deletes the key, or keeps it for at most `rest` ms in a form that no command in the name of its token can change. */
  #drop(key: string, rest: number | undefined, now: number, token: string): void {
    const entry = this.#entries.read(key, now);
    if (isSharedToken(token) && rest === undefined) return this.#readers.drop(key, token, now);
    const until = Math.min(this.#readers.until(key, token), now + (rest ?? 0));
    if (isSharedToken(token) && this.#readers.replace(key, token, keptForm(token), until, now)) return;
    if (entry === null || rest === undefined) return this.#entries.delete(key);
    this.#entries.set(key, keptForm(entry.value), Math.min(left(entry, now), rest), now, entry.longSince);
  }

  #sweep(now: number): void {
    if (this.#entries.size + this.#queues.size < this.#sweepAt) return;
    this.#entries.deleteExpired(now);
    this.#queues.removeExpired(now);
    this.#sweepAt = Math.max(smallestSweep, (this.#entries.size + this.#queues.size) * 2);
  }
}
