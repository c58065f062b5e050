import {
  placeTtl,
  type QueuePlace,
  readerSign,
  reservation,
  upgraderSign,
  wakeChannel,
} from "../../engine/protocol/command.js";

/** Readers that one call wakes together. */
const wokenTogether = 100;

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
   * Sends whoever may go next one message that the key is free: the first waiter, and if it is a reader, the readers behind
   * it. Of the waiters for permits, the first gets the message that has not had it yet.
   */
  wakeFirst(now: number): void {
    const first = this.#first(now);
    if (first === null) return;
    if (isReader(first)) return this.wakeReaders(now);
    if (!this.#wake(first, now) || weightOf(first.id) === null) return;
    for (const waiter of this.#inOrder()) if (!this.#wake(waiter, now)) return;
  }

  /** Sends the message to the readers that no other waiter comes before. */
  wakeReaders(now: number): void {
    this.#first(now);
    for (const waiter of this.#inOrder().slice(0, wokenTogether)) {
      if (!isReader(waiter)) return;
      this.#wake(waiter, now);
    }
  }

  /** Whether `free` permits suffice for the waiters before this one and for `weight` more. */
  suffices(id: string | null, weight: number, free: number, now: number): boolean {
    this.#first(now);
    let left = free;
    for (const waiter of this.#inOrder()) {
      if (waiter.id === id || left < weight) break;
      left -= weightOf(waiter.id) ?? 1;
    }
    return left >= weight;
  }

  /** Wakes the waiters whose turn it is while this many permits are free: those before `caller`, or all if it is null. */
  wakeInTurn(free: number, now: number, caller: string | null = null): void {
    this.#first(now);
    let left = free;
    for (const waiter of this.#inOrder()) {
      left -= weightOf(waiter.id) ?? 1;
      if (left < 0 || waiter.id === caller) return;
      this.#wake(waiter, now);
    }
  }

  /** The id of the reader that waits to become the writer, or null. */
  upgrader(now: number): string | null {
    const first = this.#first(now);
    return first !== null && isUpgrader(first) ? first.id : null;
  }

  /** Sends this waiter alone the message. */
  wake(id: string, now: number): void {
    const waiter = this.#waiters.get(id);
    if (waiter !== undefined) this.#wake(waiter, now);
  }

  /** Whether a waiter that is no reader comes before the one with this id, or is in the queue if that id is not. */
  hasWriterBefore(id: string | null): boolean {
    for (const waiter of this.#inOrder()) {
      if (waiter.id === id) return false;
      if (!isReader(waiter)) return true;
    }
    return false;
  }

  /**
   * Sends the waiter the message, unless it has had it. Returns whether it has had it before. From the message on, its entry
   * is valid only for the reservation time.
   */
  #wake(waiter: Waiter, now: number): boolean {
    if (waiter.informed) return false;
    const [process = "", , hold = reservation] = waiter.id.split(":");
    const until = now + Number(hold);
    if (waiter.until <= until) return true;
    this.#waiters.set(waiter.id, { ...waiter, until });
    this.publish(wakeChannel(process), waiter.id);
    return false;
  }

  #inOrder(): Waiter[] {
    return [...this.#waiters.values()].sort((one, other) => (isBefore(one, other) ? -1 : 1));
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

/** The number of permits that a waiter wants; null for a waiter that wants none. */
const weightOf = (id: string): number | null => {
  const [, weight] = /^[^:]*:\w*w(\d+)/.exec(id) ?? [];
  return weight === undefined ? null : Number(weight);
};
const kindOf = ({ id }: Waiter): string | undefined => id.split(":")[1]?.[0];
const isReader = (waiter: Waiter): boolean => kindOf(waiter) === readerSign;
const isUpgrader = (waiter: Waiter): boolean => kindOf(waiter) === upgraderSign;

const isBefore = (one: Waiter, other: Waiter): boolean =>
  one.ticket < other.ticket || (one.ticket === other.ticket && one.id < other.id);
