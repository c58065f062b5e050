import { placeTtl, type QueuePlace, reservation, wakeChannel } from "../../engine/protocol/command.js";

/** Publishes a message on a channel. */
export type Publish = (channel: string, message: string) => void;

interface Waiter {
  readonly id: string;
  readonly ticket: number;
  /** ms: when the entry expires unless the waiter refreshes it. */
  readonly until: number;
  /** The waiter also waits for other keys, and knows that this key is free and reserved for it. */
  readonly informed: boolean;
}

/** The waiters for one key, in the order of the script's sorted set. Time is passed in, ms. */
export class MemoryQueue {
  readonly #waiters = new Map<string, Waiter>();

  constructor(private readonly publish: Publish) {}

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  join({ id, ticket }: QueuePlace, now: number): void {
    this.#waiters.set(id, { id, ticket, until: now + placeTtl, informed: false });
  }

  /**
   * Marks the first waiter as informed: it was just denied because of another key, so it needs no message that this key
   * is free.
   */
  markInformed(now: number): void {
    const first = this.#first(now);
    if (first !== null) this.#waiters.set(first.id, { ...first, informed: true });
  }

  remove(id: string): void {
    this.#waiters.delete(id);
  }

  /** The id of the first waiter. Waiters that did not refresh their entry in time are removed. */
  firstId(now: number): string | null {
    return this.#first(now)?.id ?? null;
  }

  /**
   * Sends the first waiter one message that the key is free. From then on its entry is valid only for the reservation
   * time.
   */
  wakeFirst(now: number): void {
    const first = this.#first(now);
    if (first === null || first.informed) return;
    const [process = "", , hold = reservation] = first.id.split(":");
    const until = now + Number(hold);
    if (first.until <= until) return;
    this.#waiters.set(first.id, { ...first, until });
    this.publish(wakeChannel(process), first.id);
  }

  #first(now: number): Waiter | null {
    let first: Waiter | null = null;
    for (const waiter of this.#waiters.values()) {
      if (waiter.until <= now) this.#waiters.delete(waiter.id);
      else if (first === null || isBefore(waiter, first)) first = waiter;
    }
    return first;
  }
}

const isBefore = (one: Waiter, other: Waiter): boolean =>
  one.ticket < other.ticket || (one.ticket === other.ticket && one.id < other.id);
