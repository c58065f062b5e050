import type { Reply } from "../../engine/node/lock-node.js";
import {
  type LockCommand,
  type QueuePlace,
  type QueuePolicy,
  sharedForm,
} from "../../engine/protocol/command.js";
import { longestShort } from "../../engine/protocol/memory.js";
import { fenceRecordTtl } from "../../engine/protocol/script.js";
import { sideKeysOf } from "../../engine/protocol/side-keys.js";
import { isOwnerLabel, isSharedToken } from "../../engine/protocol/token.js";
import { type Answer, granted, type Holder } from "../../engine/protocol/vote.js";
import { hashOf } from "../../support/platform.js";
import { MemoryQueue, type Publish } from "./memory-queue.js";
import { MemoryReaders } from "./memory-readers.js";

interface Entry {
  readonly value: string;
  /** ms, counted from `since`. The two are separate because their sum would lose precision for very long ttls. */
  readonly ttl: number;
  readonly since: number;
  /** When a lease longer than `longestShort` began to hold the key; null if no such lease does. */
  readonly longSince: number | null;
}

/** A command in the name of a token, which may replace another. */
interface Tokened {
  readonly keys: readonly string[];
  readonly token: string;
  readonly from?: string;
}

type Acquire = Extract<LockCommand, { op: "acquire" }>;

const single = sideKeysOf(false);
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
/** The token format, as in the script: a label, "~" and 22 characters. Any other value is a foreign token. */
const ownToken = /^~*([^~]*)~([\w-]{22})$/;
/** What a key that is kept after its release has in place of the token's random part: a hash of the token. */
const keptRandom = /^kept-([0-9a-f]{16})[0-9a-f]$/;
/**
 * Expired entries and abandoned queues are swept when the number of both has doubled since the last sweep; at least
 * this many.
 */
const smallestSweep = 1_024;

/** The lock commands over a map: the in-memory equivalent of {@link batchScript}. Time is passed in, ms. */
export class MemoryStore {
  readonly #entries = new Map<string, Entry>();
  /** By the lock's key. Empty queues are removed. */
  readonly #queues = new Map<string, MemoryQueue>();
  /** Who shares the keys. */
  readonly #readers = new MemoryReaders({
    valueOf: (key, now) => this.#read(key, now)?.value ?? null,
    write: (key, value, ttl, now) => this.#set(key, value, ttl, now, this.#longSince(key, ttl, now)),
    prolong: (key, value, ttl, now) => this.#extend(key, value, ttl, now),
    delete: (key) => this.#entries.delete(key),
  });
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
        for (const key of blocked === null ? keys : []) {
          if (isSharedToken(token)) this.#readers.hold(key, token, ttl, now);
          else this.#set(key, token, ttl, now, this.#longSince(key, ttl, now));
        }
        if (queue !== undefined)
          for (const key of keys) this.#updateQueue(key, command, blocked === null, now);
        if (blocked !== null) return blocked;
        return this.#fenced(keys, command.fence, now);
      }
      case "renew": {
        const blocked = this.#first(command, now, (value) => value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#hold(key, command.token, command.ttl, now);
        return granted;
      }
      case "renewEach":
        return this.#renewEach(command, now);
      case "heal": {
        const blocked = this.#first(command, now, (value) => value !== null && value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#hold(key, command.token, command.ttl, now);
        return granted;
      }
      case "swap": {
        const holds = [command.from, command.token];
        const blocked = this.#first(command, now, (value) => value === null || !holds.includes(value));
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#swap(command, key, now);
        return this.#fenced(command.keys, command.fence, now);
      }
      case "giveBack": {
        const { from, token, ttl } = command;
        const blocked = this.#first({ keys: command.keys, token: from }, now, (value) => value !== from);
        if (blocked !== null) return blocked;
        for (const key of command.keys) {
          const entry = this.#read(key, now);
          if (entry === null) continue;
          const until = Math.min(this.#readers.until(key, from), now + ttl);
          if (isSharedToken(token) && this.#readers.replace(key, from, token, until, now)) continue;
          this.#set(key, command.token, Math.min(left(entry, now), command.ttl), now, entry.longSince);
        }
        return granted;
      }
      case "fence": {
        const blocked = this.#first(command, now, (value) => value !== command.token);
        return blocked ?? this.#fenced(command.keys, command.fence, now);
      }
      case "release": {
        const { keys, token, rest, queue } = command;
        const blocked = this.#first(command, now, (value) => value !== token);
        for (const key of keys) {
          if (this.#readers.view(key, now, token) === token) this.#release(key, rest, now, token);
        }
        if (queue !== undefined) {
          const wakes = queue.wake || (blocked !== null && queue.id !== null);
          for (const key of keys) this.#leaveQueue(key, queue.id, wakes && rest === undefined, now);
          if (isSharedToken(token) && rest === undefined && (queue.wake || queue.id !== null))
            for (const key of keys) this.#wakeUpgrader(key, now);
        }
        return blocked ?? granted;
      }
      case "inspect":
        return {
          kind: "report",
          keys: command.keys.map((key) => ({ key, holder: this.#reported(key, now) })),
        };
      case "upgrade":
        return this.#upgrade(command, now);
      case "downgrade":
        return this.#downgrade(command, now);
    }
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

  /** The denial because a key is held or, if none is held, because of another waiter's turn at one of the keys. */
  #unavailable(command: Acquire, now: number): Answer | null {
    const { keys, token, queue } = command;
    const upgrading = isSharedToken(token) && queue?.barge === true ? this.#upgradedBy(command, now) : null;
    if (upgrading !== null) return upgrading;
    const deferred = keys.map((key) => this.#deferred(key, token, queue, now));
    const held = this.#first(command, now, (value) => value !== null && value !== token);
    return held ?? deferred.find((denial) => denial !== null) ?? null;
  }

  /** The denial because of another waiter's turn. */
  #deferred(key: string, token: string, policy: QueuePolicy | undefined, now: number): Answer | null {
    if (policy === undefined || policy.barge) return null;
    const value = this.#read(key, now)?.value ?? null;
    return this.#withQueue(key, (queue) => {
      if (policy.place !== null) queue.join(policy.place, now);
      const firstId = queue.firstId(now);
      if (firstId === null || firstId === policy.place?.id) return null;
      // Readers pass each other, but no writer.
      if (isSharedToken(token) && !queue.hasWriterBefore(policy.place?.id ?? null)) return null;
      if (this.#readers.view(key, now, token) === token) return null;
      this.#wakeNext(queue, value, now);
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
    if (isGranted) {
      this.#leaveQueue(key, place.id, isSharedToken(token), now);
      return;
    }
    const queue = this.#join(key, place, now);
    if (keys.length > 1 && this.#read(key, now) === null && queue.firstId(now) === place.id)
      queue.markInformed(now);
  }

  #join(key: string, place: QueuePlace, now: number): MemoryQueue {
    const queue = this.#queues.get(key) ?? new MemoryQueue(this.publish);
    queue.join(place, now);
    this.#queues.set(key, queue);
    this.#sweep(now);
    return queue;
  }

  /** Leaves the queue. If `wakes`, the first remaining waiter is notified that the key is free. */
  #leaveQueue(key: string, id: string | null, wakes: boolean, now: number): void {
    const value = this.#read(key, now)?.value ?? null;
    this.#withQueue(key, (queue) => {
      if (id !== null) queue.remove(id);
      if (wakes) this.#wakeNext(queue, value, now);
    });
  }

  /** Wakes whoever may go next. If readers hold the key, only readers may. */
  #wakeNext(queue: MemoryQueue, value: string | null, now: number): void {
    if (value === null) queue.wakeFirst(now);
    else if (value === sharedForm) queue.wakeReaders(now);
  }

  /** Wakes the reader that waits to become the writer, once it is the only reader. */
  #wakeUpgrader(key: string, now: number): void {
    this.#withQueue(key, (queue) => {
      const id = queue.upgrader(now);
      if (id !== null && this.#readers.count(key, now) === 1) queue.wake(id, now);
    });
  }

  /** The denial of a new reader because another reader waits to become the writer. */
  #upgradedBy({ keys, token }: Pick<Acquire, "keys" | "token">, now: number): Answer | null {
    const key = keys.find(
      (each) =>
        this.#withQueue(each, (queue) => queue.upgrader(now)) !== null &&
        this.#readers.view(each, now, token) !== token,
    );
    return key === undefined ? null : { kind: "denied", holder: this.#holder(key, now) };
  }

  #upgrade(command: Extract<LockCommand, { op: "upgrade" }>, now: number): Answer {
    const { keys, token, ttl, queue } = command;
    const blocked = this.#first(command, now, (value) => value !== token);
    if (blocked !== null) return blocked;
    const isOther = (id: string | null) => id !== null && id !== queue.place.id;
    const taken = keys.findIndex((key) => isOther(this.#withQueue(key, (one) => one.upgrader(now))));
    const shared = keys.findIndex((key) => this.#readers.hasOthers(key, token, now));
    const holderAt = (index: number) => this.#holder(keys[index] ?? "", now);
    if (taken >= 0) {
      const holder = holderAt(taken);
      return { kind: "denied", holder: holder && { ...holder, mode: "shared", upgrading: true } };
    }
    if (shared >= 0) {
      for (const key of keys) this.#join(key, queue.place, now);
      return { kind: "denied", holder: holderAt(shared) };
    }
    for (const key of keys) {
      this.#readers.upgrade(key, token, ttl, now);
      this.#leaveQueue(key, queue.place.id, false, now);
    }
    return this.#fenced(keys, command.fence, now);
  }

  #downgrade(command: Extract<LockCommand, { op: "downgrade" }>, now: number): Answer {
    const { keys, token, queue } = command;
    for (const key of keys) {
      const entry = this.#read(key, now);
      if (entry?.value === token) this.#readers.downgrade(key, token, left(entry, now), now);
      this.#leaveQueue(key, queue.id, true, now);
    }
    return this.#first(command, now, (value) => value !== token) ?? granted;
  }

  /** Returns null if there are no waiters. Drops the queue when it becomes empty. */
  #withQueue<T>(key: string, action: (queue: MemoryQueue) => T): T | null {
    const queue = this.#queues.get(key);
    if (queue === undefined) return null;
    const result = action(queue);
    if (queue.isEmpty) this.#queues.delete(key);
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

  #reported(key: string, now: number): Holder | null {
    const holder = this.#holder(key, now);
    return holder?.mode === "shared" ? { ...holder, ...this.#readers.report(key, now) } : holder;
  }

  #holder(key: string, now: number): Holder | null {
    const entry = this.#read(key, now);
    if (entry === null) return null;
    const ttlLeft = Math.ceil(left(entry, now));
    if (entry.value === sharedForm) return { ...sharedHolder, key, ttlLeft };
    const [, label = "", random = ""] = ownToken.exec(entry.value) ?? [];
    const kept = keptRandom.exec(random)?.[1];
    return {
      key,
      owner: isOwnerLabel(label) ? label : null,
      tokenHash: kept ?? hashOf("sha1", entry.value).slice(0, 16),
      ttlLeft,
      type: "string",
      ...(kept === undefined ? {} : { kept: true }),
    };
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

  /** The same for the token's hold on a key, which others may share. */
  #hold(key: string, token: string, ttl: number, now: number): void {
    if (isSharedToken(token)) this.#readers.hold(key, token, ttl, now);
    else this.#extend(key, token, ttl, now);
  }

  #swap({ from, token, ttl }: Extract<LockCommand, { op: "swap" }>, key: string, now: number): void {
    const until = Math.max(this.#readers.until(key, from), this.#readers.until(key, token), now + ttl);
    if (isSharedToken(token) && this.#readers.replace(key, from, token, until, now)) return;
    this.#extend(key, token, ttl, now);
  }

  /** Deletes the key, or keeps it for at most `rest` ms in a form that no command in the name of its token can change. */
  #release(key: string, rest: number | undefined, now: number, token: string): void {
    const entry = this.#read(key, now);
    if (isSharedToken(token) && rest === undefined) return this.#readers.drop(key, token, now);
    const until = Math.min(this.#readers.until(key, token), now + (rest ?? 0));
    if (isSharedToken(token) && this.#readers.replace(key, token, keptForm(token), until, now)) return;
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

const keptForm = (token: string): string =>
  `${/^~*[^~]*~/.exec(token)?.[0] ?? "~"}kept-${hashOf("sha1", token).slice(0, 17)}`;

const left = (entry: Entry, now: number): number => entry.ttl - (now - entry.since);
