import { createHash } from "node:crypto";
import type { LockCommand } from "../engine/command.js";
import type { Reply } from "../engine/node.js";
import { fenceRecordTtl } from "../engine/script.js";
import { sideKeysOf } from "../engine/side-keys.js";
import { isOwnerLabel } from "../engine/token.js";
import { type Answer, granted, type Holder } from "../engine/vote.js";

interface Entry {
  readonly value: string;
  /** ms, counted from `since`: kept apart because their sum would lose precision for very long ttls. */
  readonly ttl: number;
  readonly since: number;
}

const single = sideKeysOf(false);
/** What a server says of a ttl that is none. */
const noTtl: Answer = {
  kind: "failed",
  reason: "refused",
  message: "ERR invalid expire time in 'set' command",
};
/** As the script does it: a label, then "~" and 22 characters; anything else is a foreign token. */
const ownToken = /^([^~]*)~[\w-]{22}$/;
/** Expired entries nobody asks for again are swept when the map has doubled since the last sweep. */
const smallestSweep = 1_024;

/** The lock commands over a map: what {@link batchScript} does on a server. Time is passed in, ms. */
export class MemoryStore {
  readonly #entries = new Map<string, Entry>();
  #sweepAt = smallestSweep;
  #watermark = 0;

  /** Executes one command, all of its keys or none. */
  apply(command: LockCommand, now: number): Reply {
    if ("ttl" in command && command.op !== "renew" && !(command.ttl > 0)) return noTtl;
    switch (command.op) {
      case "acquire": {
        const blocked = this.#first(command.keys, now, (value) => value !== null && value !== command.token);
        if (blocked !== null) return blocked;
        for (const key of command.keys) this.#set(key, command.token, command.ttl, now);
        return this.#fenced(command.keys, command.fence, now);
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
          if (entry !== null) this.#set(key, command.token, Math.min(left(entry, now), command.ttl), now);
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
        return blocked ?? granted;
      }
      case "inspect":
        return {
          kind: "report",
          keys: command.keys.map((key) => ({ key, holder: this.#holder(key, now) })),
        };
    }
  }

  /** Accepts the proposed fence if it is above the resource's record, or above the watermark where there is none. */
  #fenced(keys: readonly string[], fence: number | undefined, now: number): Answer {
    if (fence === undefined) return granted;
    const seen = (key: string) => Number(this.#read(single.record(key), now)?.value ?? this.#watermark);
    const bound = Math.max(...keys.map(seen));
    if (fence <= bound) return { kind: "granted", fence: { accepted: false, highest: bound } };
    for (const key of keys) this.#set(single.record(key), String(fence), fenceRecordTtl, now);
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
    this.#set(key, value, Math.max(ttl, entry === null ? 0 : left(entry, now)), now);
  }

  #set(key: string, value: string, ttl: number, now: number): void {
    this.#entries.set(key, { value, ttl, since: now });
    if (this.#entries.size < this.#sweepAt) return;
    for (const name of this.#entries.keys()) this.#read(name, now);
    this.#sweepAt = Math.max(smallestSweep, this.#entries.size * 2);
  }
}

const left = (entry: Entry, now: number): number => entry.ttl - (now - entry.since);
