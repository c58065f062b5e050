import { sharedForm } from "../../engine/protocol/command.js";
import { isOwnerLabel, isSharedToken } from "../../engine/protocol/token.js";
import type { Reader } from "../../engine/protocol/vote.js";
import { hashOf } from "../../support/platform.js";
import type { MemoryEntries } from "./memory-entries.js";

/** Readers that one report names. */
const reportedReaders = 100;
const readerToken = /^~~([^~]*)~([\w-]+)$/;
const keptRandom = /^kept-([0-9a-f]+)$/;

/** The tokens that share keys: what `readers.lua` does on a server. Time is passed in, ms. */
export class MemoryReaders {
  /** By key and token, the time until which the token holds the key. Counts only while the key has the shared form. */
  readonly #sets = new Map<string, Map<string, number>>();

  constructor(private readonly entries: MemoryEntries) {}

  /**
   * The value of a key as a command in the name of this token, or of one of these two, sees it: the token if it holds the key,
   * and null, as if the key were absent, if only other readers hold it.
   */
  view(key: string, now: number, token: string, other = token): string | null {
    const value = this.entries.valueOf(key, now);
    if (value !== sharedForm || !isSharedToken(token)) return value;
    return [token, other].find((each) => this.until(key, each) > now) ?? null;
  }

  until(key: string, token: string): number {
    return this.#sets.get(key)?.get(token) ?? 0;
  }

  /** Lets the token hold the key for at least `ttl` ms. The key must be absent, have the shared form, or hold the token. */
  hold(key: string, token: string, ttl: number, now: number): void {
    const { entries } = this;
    const value = entries.valueOf(key, now);
    if (value === token) return entries.extend(key, token, ttl, now);
    if (value === null) this.#sets.delete(key);
    const left = Math.max(this.until(key, token) - now, ttl);
    const set = this.#sets.get(key) ?? new Map<string, number>();
    for (const [member, until] of set) if (until <= now) set.delete(member);
    this.#sets.set(key, set.set(token, now + left));
    entries.extend(key, sharedForm, left, now);
  }

  /** Replaces the reader `from` by `token`, which holds the key until this time. Returns false unless readers hold the key. */
  replace(key: string, from: string, token: string, until: number, now: number): boolean {
    if (this.entries.valueOf(key, now) !== sharedForm) return false;
    const set = this.#sets.get(key) ?? new Map<string, number>();
    set.delete(from);
    this.#sets.set(key, set.set(token, until));
    this.#cover(key, now);
    return true;
  }

  /** Ends the hold of a shared token, which holds the key. */
  drop(key: string, token: string, now: number): void {
    if (this.entries.valueOf(key, now) !== sharedForm) {
      this.forget(key);
      return this.entries.delete(key);
    }
    this.#sets.get(key)?.delete(token);
    this.#cover(key, now);
  }

  /** The number of tokens that share the key. */
  count(key: string, now: number): number {
    return [...(this.#sets.get(key)?.values() ?? [])].filter((until) => until > now).length;
  }

  hasOthers(key: string, token: string, now: number): boolean {
    if (this.entries.valueOf(key, now) !== sharedForm) return false;
    return this.count(key, now) > (this.until(key, token) > now ? 1 : 0);
  }

  /** Gives the key to the token alone. */
  upgrade(key: string, token: string, ttl: number, now: number): void {
    if (this.entries.valueOf(key, now) === token) this.entries.extend(key, token, ttl, now);
    else this.entries.write(key, token, Math.max(this.until(key, token) - now, ttl), now);
    this.forget(key);
  }

  /** Lets others share a key that the token holds alone for `left` ms more. */
  downgrade(key: string, token: string, left: number, now: number): void {
    this.#sets.set(key, new Map([[token, now + left]]));
    this.entries.write(key, sharedForm, left, now);
  }

  /** The readers of a key, those that hold it longest first, and how many there are; nothing if there are none. */
  report(key: string, now: number): { readers?: readonly Reader[]; readerCount?: number } {
    const held = [...(this.#sets.get(key) ?? [])].filter(([, until]) => until > now);
    if (held.length === 0) return {};
    held.sort(([one, until], [other, longer]) => longer - until || (one < other ? 1 : -1));
    const readers = held.slice(0, reportedReaders).map(([token, until]) => readerOf(token, until - now));
    return { readers, readerCount: held.length };
  }

  forget(key: string): void {
    this.#sets.delete(key);
  }

  /** Adapts the remaining time of a key to its readers. A key without readers is deleted. */
  #cover(key: string, now: number): void {
    const left = Math.max(0, ...(this.#sets.get(key)?.values() ?? [])) - now;
    if (left > 0) return this.entries.write(key, sharedForm, left, now);
    this.forget(key);
    this.entries.delete(key);
  }
}

function readerOf(token: string, left: number): Reader {
  const [, label = "", random = ""] = readerToken.exec(token) ?? [];
  const kept = keptRandom.exec(random)?.[1];
  const tokenHash = (kept ?? hashOf("sha1", token)).slice(0, 16);
  const reader = { owner: isOwnerLabel(label) ? label : null, tokenHash, ttlLeft: Math.ceil(left) };
  return kept === undefined ? reader : { ...reader, kept: true };
}
