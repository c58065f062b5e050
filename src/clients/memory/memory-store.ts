import { createHash } from "node:crypto";
import type { Reply } from "../../engine/node/lock-node.js";
import type { LockCommand, QueueExit, QueuePolicy } from "../../engine/protocol/command.js";
import { longestShort } from "../../engine/protocol/memory.js";
import { fenceRecordTtl } from "../../engine/protocol/script.js";
import { sideKeysOf } from "../../engine/protocol/side-keys.js";
import { isOwnerLabel } from "../../engine/protocol/token.js";
import { type Answer, granted, type Holder } from "../../engine/protocol/vote.js";
import { MemoryQueue, type Publish } from "./memory-queue.js";

interface Entry {
  readonly value: string;
  /** ms, counted from `since`: kept apart because their sum would lose precision for very long ttls. */
  readonly ttl: number;
  readonly since: number;
  /** Since when it is held by a lease longer than `longestShort`; null if it is not. */
  readonly longSince: number | null;
}

type Acquire = Extract<LockCommand, { op: "acquire" }>;

const single = sideKeysOf(false);
/** What a server says of a ttl that is none. */
const noTtl: Answer = {
  kind: "failed",
  reason: "refused",
  message: "ERR invalid expire time in 'set' command",
};
/** As the script does it: a label, then "~" and 22 characters; anything else is a foreign token. */
const ownToken = /^([^~]*)~[\w-]{22}$/;
/** Expired entries and queues nobody asks for again are swept when they have doubled since the last sweep. */
const smallestSweep = 1_024;

/** The lock commands over a map: what {@link batchScript} does on a server. Time is passed in, ms. */
export class MemoryStore {
  readonly #entries = new Map<string, Entry>();
  /** By the lock's key; none that is empty. */
  readonly #queues = new Map<string, MemoryQueue>();
  #sweepAt = smallestSweep;
  #watermark = 0;

  /** `publish` is how those who wait are told that it is their turn. */
  constructor(private readonly publish: Publish = () => {}) {}

  /** What is kept, what has expired and was not asked for since included. */
  get entryCount(): number {
    return this.#entries.size;
  }

  /** Keys for which somebody waits, or waited lately. */
  get queueCount(): number {
    return this.#queues.size;
  }

  /** The highest fence that was accepted. */
  get watermark(): number {
    return this.#watermark;
  }

  /** ms until the last of the long leases is over that have been held for at least `age` ms. */
  longLeft(now: number, age: number): number {
    let longest = 0;
    for (const entry of this.#entries.values()) {
      if (entry.longSince !== null && now - entry.longSince >= age)
        longest = Math.max(longest, left(entry, now));
    }
    return Math.ceil(longest);
  }

  /** Takes over a watermark. */
  raise(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
  }

  /** Executes one command, all of its keys or none. */
  apply(command: LockCommand, now: number): Reply {
    if ("ttl" in command && command.op !== "renew" && !(command.ttl > 0)) return noTtl;
    switch (command.op) {
      case "acquire": {
        const { keys, token, ttl, queue } = command;
        const blocked = this.#unavailable(command, now);
        if (queue !== undefined) for (const key of keys) this.#settle(key, command, blocked === null, now);
        if (blocked !== null) return blocked;
        for (const key of keys) this.#set(key, token, ttl, now, this.#longSince(key, ttl, now));
        return this.#fenced(keys, command.fence, now);
      }
      case "renew": {
        const blocked = this.#first(command.keys, now, (value) => value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#extend(key, command.token, command.ttl, now);
        return granted;
      }
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
        const blocked = this.#first(command.keys, now, (value) => value !== command.token);
        for (const key of command.keys) {
          if (this.#read(key, now)?.value === command.token) this.#entries.delete(key);
        }
        if (command.queue !== undefined)
          for (const key of command.keys) this.#part(key, command.queue, blocked === null, now);
        return blocked ?? granted;
      }
      case "inspect":
        return {
          kind: "report",
          keys: command.keys.map((key) => ({ key, holder: this.#holder(key, now) })),
        };
    }
  }

  /** The denial because of a key that is held or, where none is, because it is somebody else's turn at one of them. */
  #unavailable({ keys, token, queue }: Acquire, now: number): Answer | null {
    const deferred = keys.map((key) => this.#deferred(key, token, queue, now));
    const held = this.#first(keys, now, (value) => value !== null && value !== token);
    return held ?? deferred.find((denial) => denial !== null) ?? null;
  }

  /** The denial because it is somebody else's turn. */
  #deferred(key: string, token: string, turn: QueuePolicy | undefined, now: number): Answer | null {
    if (turn === undefined || turn.barge) return null;
    const value = this.#read(key, now)?.value ?? null;
    return this.#heed(key, (queue) => {
      if (turn.place !== null) queue.join(turn.place, now);
      const heir = queue.heir(now);
      if (heir === null || heir === turn.place?.id || value === token) return null;
      if (value === null) queue.summon(now);
      return { kind: "denied", holder: this.#holder(key, now) };
    });
  }

  /** Who is granted the key waits no more; who is denied it, or another with it, takes or keeps its place. */
  #settle(key: string, { keys, queue: heed }: Acquire, isGranted: boolean, now: number): void {
    const place = heed?.place ?? null;
    if (place === null) return;
    if (isGranted) {
      this.#heed(key, (queue) => queue.leave(place.id));
      return;
    }
    const queue = this.#queues.get(key) ?? new MemoryQueue(this.publish);
    queue.join(place, now);
    if (keys.length > 1 && this.#read(key, now) === null && queue.heir(now) === place.id)
      queue.informHeir(now);
    this.#queues.set(key, queue);
    this.#sweep(now);
  }

  /** Leaves the place; the first of the others is told that the key is free, but not of what a minority had granted. */
  #part(key: string, { id, wake }: QueueExit, isReleased: boolean, now: number): void {
    const passesOn = isReleased ? wake : wake || id !== null;
    const isFree = this.#read(key, now) === null;
    this.#heed(key, (queue) => {
      if (id !== null) queue.leave(id);
      if (passesOn && isFree) queue.summon(now);
    });
  }

  /** Null where nobody waits. A queue that became empty is dropped. */
  #heed<T>(key: string, what: (queue: MemoryQueue) => T): T | null {
    const queue = this.#queues.get(key);
    if (queue === undefined) return null;
    const result = what(queue);
    if (queue.isEmpty) this.#queues.delete(key);
    return result;
  }

  /** Accepts the proposed fence if it is above the resource's record, or above the watermark where there is none. */
  #fenced(keys: readonly string[], fence: number | undefined, now: number): Answer {
    if (fence === undefined) return granted;
    const seen = (key: string) => Number(this.#read(single.record(key), now)?.value ?? this.#watermark);
    const record = (key: string, value: number) =>
      this.#set(single.record(key), String(value), fenceRecordTtl, now, null);
    const bound = Math.max(...keys.map(seen));
    if (fence <= bound) {
      // Only leases of these keys can raise their records: the next proposal is not compared with a watermark that
      // others have raised since.
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
    if (entry === null) return null;
    const label = ownToken.exec(entry.value)?.[1] ?? "";
    return {
      key,
      owner: isOwnerLabel(label) ? label : null,
      tokenHash: createHash("sha1").update(entry.value).digest("hex").slice(0, 16),
      ttlLeft: Math.ceil(left(entry, now)),
      type: "string",
    };
  }

  #read(key: string, now: number): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (left(entry, now) > 0) return entry;
    this.#entries.delete(key);
    return null;
  }

  /** Never shortens what is there. */
  #extend(key: string, value: string, ttl: number, now: number): void {
    const entry = this.#read(key, now);
    const longSince = this.#longSince(key, ttl, now);
    this.#set(key, value, Math.max(ttl, entry === null ? 0 : left(entry, now)), now, longSince);
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
    for (const key of this.#queues.keys()) this.#heed(key, (queue) => queue.heir(now));
    this.#sweepAt = Math.max(smallestSweep, (this.#entries.size + this.#queues.size) * 2);
  }
}

const left = (entry: Entry, now: number): number => entry.ttl - (now - entry.since);
