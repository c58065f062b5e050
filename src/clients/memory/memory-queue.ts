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

  /** Sends whoever may go next one message that the key is free: the first waiter, and if it is a reader, those behind it. */
  wakeFirst(now: number): void {
    const first = this.#first(now);
    if (first === null) return;
    if (isReader(first)) this.wakeReaders(now);
    else this.#wake(first, now);
  }

  /** The same for the readers that no other waiter comes before. */
  wakeReaders(now: number): void {
    this.#first(now);
    for (const waiter of this.#inOrder().slice(0, wokenTogether)) {
      if (!isReader(waiter)) return;
      this.#wake(waiter, now);
    }
  }

  /** The id of the reader that waits to become the writer, or null. */
  upgrader(now: number): string | null {
    const first = this.#first(now);
    return first !== null && isUpgrader(first) ? first.id : null;
  }

  /** The same as `wakeFirst` for this waiter alone. */
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

  /** From then on the entry of the waiter is valid only for the reservation time. */
  #wake(waiter: Waiter, now: number): void {
    if (waiter.informed) return;
    const [process = "", , hold = reservation] = waiter.id.split(":");
    const until = now + Number(hold);
    if (waiter.until <= until) return;
    this.#waiters.set(waiter.id, { ...waiter, until });
    this.publish(wakeChannel(process), waiter.id);
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

const kindOf = ({ id }: Waiter): string | undefined => id.split(":")[1]?.[0];
const isReader = (waiter: Waiter): boolean => kindOf(waiter) === readerSign;
const isUpgrader = (waiter: Waiter): boolean => kindOf(waiter) === upgraderSign;

const isBefore = (one: Waiter, other: Waiter): boolean =>
  one.ticket < other.ticket || (one.ticket === other.ticket && one.id < other.id);
