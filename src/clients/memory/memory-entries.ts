import { longestShort } from "../../engine/protocol/memory.js";
import { type Entry, left } from "./memory-entry.js";

/** The values of the keys, and when they expire. Time is passed in, ms. */
export class MemoryEntries {
  readonly #entries = new Map<string, Entry>();

  /** The number of entries, including expired ones that were not read since. */
  get size(): number {
    return this.#entries.size;
  }

  read(key: string, now: number): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (left(entry, now) > 0) return entry;
    this.#entries.delete(key);
    return null;
  }

  valueOf(key: string, now: number): string | null {
    return this.read(key, now)?.value ?? null;
  }

  /** Sets a key that a lease holds. A ttl beyond `longestShort` makes it a long lease. */
  write(key: string, value: string, ttl: number, now: number): void {
    this.set(key, value, ttl, now, this.#longSince(key, ttl, now));
  }

  set(key: string, value: string, ttl: number, now: number, longSince: number | null = null): void {
    this.#entries.set(key, { value, ttl, since: now, longSince });
  }

  /** Never shortens the remaining time. */
  extend(key: string, value: string, ttl: number, now: number): void {
    const entry = this.read(key, now);
    const longSince = this.#longSince(key, ttl, now);
    this.set(key, value, Math.max(ttl, entry === null ? 0 : left(entry, now)), now, longSince);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  deleteExpired(now: number): void {
    for (const key of this.#entries.keys()) this.read(key, now);
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

  #longSince(key: string, ttl: number, now: number): number | null {
    return this.read(key, now)?.longSince ?? (ttl > longestShort ? now : null);
  }
}
