import type { LockCommand, QueuePlace } from "../../engine/protocol/command.js";
import { isSharedToken } from "../../engine/protocol/token.js";
import type { Answer, Holder } from "../../engine/protocol/vote.js";
import type { MemoryEntries } from "./memory-entries.js";
import { left } from "./memory-entry.js";
import type { MemoryQueues } from "./memory-queues.js";
import type { MemoryReaders } from "./memory-readers.js";

type Upgrade = Extract<LockCommand, { op: "upgrade" }>;
type Downgrade = Extract<LockCommand, { op: "downgrade" }>;

/** The commands by which a reader becomes the writer: what `upgrade.lua` does on a server. Time is passed in, ms. */
export class MemoryUpgrades {
  constructor(
    private readonly entries: MemoryEntries,
    private readonly readers: MemoryReaders,
    private readonly queues: MemoryQueues,
    private readonly holderOf: (key: string, now: number) => Holder | null,
  ) {}

  /** Returns null if the upgrade is granted. The keys must be held by the token. */
  upgrade({ keys, token, ttl, queue: { place } }: Upgrade, now: number): Answer | null {
    const taken = keys.find((key) => ![null, place.id].includes(this.upgrader(key, now)));
    if (taken !== undefined) {
      const holder = this.holderOf(taken, now);
      return { kind: "denied", holder: holder && { ...holder, mode: "shared", upgrading: true } };
    }
    const shared = keys.find((key) => this.readers.hasOthers(key, token, now));
    if (shared !== undefined) return this.wait(keys, place, shared, now);
    for (const key of keys) {
      this.readers.upgrade(key, token, ttl, now);
      this.queues.leave(key, place.id);
    }
    return null;
  }

  downgrade({ keys, token, queue: { id } }: Downgrade, now: number): void {
    for (const key of keys) {
      const entry = this.entries.read(key, now);
      if (entry?.value === token) this.readers.downgrade(key, token, left(entry, now), now);
      this.queues.leaveAndWake(key, id, this.entries.valueOf(key, now), now);
    }
  }

  /** The denial of a new reader because another reader waits to become the writer. */
  denialOf(keys: readonly string[], token: string, now: number): Answer | null {
    const isKept = (key: string) =>
      this.upgrader(key, now) !== null && this.readers.view(key, now, token) !== token;
    const key = isSharedToken(token) ? keys.find(isKept) : undefined;
    return key === undefined ? null : { kind: "denied", holder: this.holderOf(key, now) };
  }

  /** Wakes the reader that waits to become the writer, once it is the only reader. */
  wake(key: string, now: number): void {
    const id = this.upgrader(key, now);
    if (id !== null && this.readers.count(key, now) === 1)
      this.queues.with(key, (queue) => queue.wake(id, now));
  }

  private wait(keys: readonly string[], place: QueuePlace, shared: string, now: number): Answer {
    for (const key of keys) this.queues.join(key, place, now);
    return { kind: "denied", holder: this.holderOf(shared, now) };
  }

  private upgrader(key: string, now: number): string | null {
    return this.queues.with(key, (queue) => queue.upgrader(now));
  }
}
