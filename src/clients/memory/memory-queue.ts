import { placeTtl, type QueuePlace, reservation, wakeChannel } from "../../engine/protocol/command.js";

/** Tells whoever listens on this channel. */
export type Publish = (channel: string, message: string) => void;

interface Waiter {
  readonly id: string;
  readonly ticket: number;
  /** ms: then it counts as gone, unless it has shown itself again. */
  readonly until: number;
  /** It waits for other keys too, and knows that this one is free and kept for it. */
  readonly knows: boolean;
}

/** Who waits for one key, as the script keeps it in a sorted set. Time is passed in, ms. */
export class MemoryQueue {
  readonly #waiters = new Map<string, Waiter>();

  constructor(private readonly publish: Publish) {}

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  join({ id, ticket }: QueuePlace, now: number): void {
    this.#waiters.set(id, { id, ticket, until: now + placeTtl, knows: false });
  }

  /** It has just shown itself, and was denied for another key: it need not be told that this one is free. */
  informHeir(now: number): void {
    const first = this.#first(now);
    if (first !== null) this.#waiters.set(first.id, { ...first, knows: true });
  }

  leave(id: string): void {
    this.#waiters.delete(id);
  }

  /** Whose turn it is. Who has not shown itself in time has lost its place. */
  heir(now: number): string | null {
    return this.#first(now)?.id ?? null;
  }

  /** Tells it, once, that the key is free; its place is good for a moment only from now on. */
  summon(now: number): void {
    const first = this.#first(now);
    if (first === null || first.knows) return;
    const [process = "", , kept = reservation] = first.id.split(":");
    const until = now + Number(kept);
    if (first.until <= until) return;
    this.#waiters.set(first.id, { ...first, until });
    this.publish(wakeChannel(process), first.id);
  }

  #first(now: number): Waiter | null {
    let first: Waiter | null = null;
    for (const listener of this.#waiters.values()) {
      if (listener.until <= now) this.#waiters.delete(listener.id);
      else if (first === null || isBefore(listener, first)) first = listener;
    }
    return first;
  }
}

const isBefore = (one: Waiter, other: Waiter): boolean =>
  one.ticket < other.ticket || (one.ticket === other.ticket && one.id < other.id);
