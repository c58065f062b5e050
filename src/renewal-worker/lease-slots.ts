import type { Instant } from "../engine/time/clock.js";
import type { ExpiryReason } from "../errors.js";

/** 32-bit words of a slot: the version of the confirmation, the state, two unused, and two confirmations of three numbers each. */
const wordsPerSlot = 16;
const numbersPerSlot = wordsPerSlot / 2;
const slotsPerPage = 512;
const bytesPerPage = slotsPerPage * wordsPerSlot * 4;

/** States of a slot. While the lease is held, the state is the number of questions so far, which is not negative. */
const free = -1;
const reasons = ["stalled", "deadline", "taken", "missing", "maxHold"] as const;
type Reason = (typeof reasons)[number] & ExpiryReason;
const codeOf = (reason: Reason): number => -2 - reasons.indexOf(reason);
/** The main thread has ended the lease: it has begun to release it, or has passed it on. */
const ended = -100;
const maxQuestions = 0x3fffffff;

/** A round that granted or renewed a lease: its start, on the shared clock, and the ttl in ms. */
export interface Confirmation {
  readonly start: Instant;
  readonly ttl: number;
}

/**
 * The memory that both threads share for one lease. The worker writes when it last renewed the lease, and that the lease is
 * lost; the main thread writes that it asks, and that it has ended the lease. Either thread may be blocked at any point.
 */
export class LeaseSlot {
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;

  constructor(page: SharedArrayBuffer, index: number) {
    this.words = new Int32Array(page, index * wordsPerSlot * 4, wordsPerSlot);
    this.numbers = new Float64Array(page, index * wordsPerSlot * 4, numbersPerSlot);
  }

  /** Begins a lease. Called by the main thread, before the worker knows of it. */
  begin(): void {
    Atomics.store(this.words, 0, 0);
    Atomics.store(this.words, 1, 0);
  }

  /** How often the worker has renewed the lease. */
  get version(): number {
    return Atomics.load(this.words, 0);
  }

  /** Writes a renewal, beside the one that the main thread may be reading. Called by the worker. */
  confirm({ start, ttl }: Confirmation): void {
    const version = this.version + 1;
    const at = 2 + 3 * (version & 1);
    this.numbers[at] = start.monotonic;
    this.numbers[at + 1] = start.wall;
    this.numbers[at + 2] = ttl;
    Atomics.store(this.words, 0, version);
  }

  /** The last renewal by the worker. There must have been one. */
  get confirmation(): Confirmation {
    for (;;) {
      const { version } = this;
      const at = 2 + 3 * (version & 1);
      const [monotonic, wall, ttl] = this.numbers.slice(at, at + 3) as unknown as [number, number, number];
      // The worker may have renewed twice meanwhile, and may be writing here.
      if (version === this.version) return { start: { monotonic, wall }, ttl };
    }
  }

  /**
   * Asks whether the lease is lost, and why, and counts the question. After a question that was answered with null, the worker
   * does not give the lease up as stalled before `stallLimit` is over again. Called by the main thread.
   */
  ask(): Reason | null {
    for (;;) {
      const state = Atomics.load(this.words, 1);
      if (state < 0) return reasons[-2 - state] ?? null;
      const next = (state + 1) & maxQuestions;
      if (Atomics.compareExchange(this.words, 1, state, next) === state) return null;
    }
  }

  /** The number of questions so far, modulo a large number; negative once the lease is lost. */
  get questions(): number {
    return Atomics.load(this.words, 1);
  }

  /** Gives the lease up, unless the main thread has asked since `questions` was read. Called by the worker. */
  giveUp(questions: number): boolean {
    return Atomics.compareExchange(this.words, 1, questions, codeOf("stalled")) === questions;
  }

  /** The lease is lost. Called by the worker. */
  lose(reason: Reason): void {
    Atomics.store(this.words, 1, codeOf(reason));
  }

  /** The lease has ended. The worker reads it at once, also if the main thread is blocked before it posts a message. */
  end(): void {
    Atomics.store(this.words, 1, ended);
  }

  get isEnded(): boolean {
    return Atomics.load(this.words, 1) === ended;
  }

  /** The worker no longer uses the slot. */
  free(): void {
    Atomics.store(this.words, 1, free);
  }

  get isFree(): boolean {
    return Atomics.load(this.words, 1) === free;
  }
}

/** The slots of one thread, in pages that both threads share. */
export class LeaseSlots {
  private readonly pages: SharedArrayBuffer[] = [];
  /** Slots that are not in use, or will not be once the worker has freed them, in the order in which they were given back. */
  private readonly returned: number[] = [];
  private taken = 0;

  /** `share`: passes a new page to the worker, before any message about its slots. */
  constructor(private readonly share: (page: SharedArrayBuffer) => void) {}

  /** Takes a slot that the worker does not use any more. Returns its number. */
  take(): number {
    const [first] = this.returned;
    if (first !== undefined && this.at(first).isFree) return this.returned.shift() as number;
    if (this.taken === this.pages.length * slotsPerPage) {
      const page = new SharedArrayBuffer(bytesPerPage);
      this.pages.push(page);
      this.share(page);
    }
    return this.taken++;
  }

  /** The worker has been told that the lease of this slot is over. */
  giveBack(slot: number): void {
    this.returned.push(slot);
  }

  at(slot: number): LeaseSlot {
    return slotIn(this.pages, slot);
  }

  /** Passes all pages to a new worker. Nobody else uses the slots that were given back. */
  shareAgain(): void {
    for (const page of this.pages) this.share(page);
    for (const slot of this.returned) this.at(slot).free();
  }
}

export const slotIn = (pages: readonly SharedArrayBuffer[], slot: number): LeaseSlot =>
  new LeaseSlot(pages[Math.floor(slot / slotsPerPage)] as SharedArrayBuffer, slot % slotsPerPage);
