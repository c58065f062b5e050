import { type Clock, elapsed, type Instant } from "../../engine/time/clock.js";
import { FifoSet } from "../../support/fifo-set.js";
import { type FailedAttempt, failedAttempt } from "../failed-attempt.js";

/** An acquisition that may wait in this process's queue. Its methods must not throw. */
export interface QueuedAcquisition {
  /** Identifies the wanted keys. Acquisitions with the same key ask one after the other. */
  readonly queueKey: string;
  readonly keys: readonly string[];
  /** Whether the acquisition leaves a free lock to callers that have waited longer. */
  readonly fair: boolean;
  /** Epoch ms at which the acquisition began. */
  readonly ticket: number;
  /** Whether an attempt of the acquisition is under way. Set by the queue. */
  asking: boolean;
  /**
   * The last attempt that the nodes have decided or, if there is none, the current one. Null if the acquisition has asked
   * nothing, or has its lease.
   */
  readonly lastAttempt: FailedAttempt | null;
  /** Called when the acquisition takes the place of `front`, which has ended. */
  succeed(front: QueuedAcquisition): void;
  /** Called when the acquisition may ask the nodes. */
  proceed(): void;
  /**
   * Called when a wanted key was released in this process. `rest`: ms for which the nodes still keep the key. An attempt that
   * comes earlier learns that by itself.
   */
  released(rest: number): void;
}

/**
 * Returns the name of the queue for these keys. Barging callers (`fair: false`) queue separately, so that they never wait
 * behind fair callers.
 */
export function queueKeyOf(keys: readonly string[], fair: boolean): string {
  const [only = ""] = keys;
  const wanted = keys.length === 1 && !only.startsWith("\0") ? only : `\0${JSON.stringify(keys)}`;
  return fair ? wanted : `\0unfair:${wanted}`;
}

/**
 * The maximum number of acquisitions that ask the nodes at once. The others follow in order. The limit keeps thousands of
 * waiters from overloading healthy nodes and from causing refusals: each attempt is followed by a release, and a quorum
 * member refuses commands while 10,000 are unanswered.
 */
const maxAsking = 2_000;

/**
 * The pending acquisitions of one process. Of the acquisitions that want the same keys, only the front asks the nodes. When
 * the front has its lease or has given up, the next one asks.
 */
export class LocalQueue {
  /** The number of acquisitions under way or waiting, including those that do not queue. */
  private pending = 0;
  private readonly fronts: Record<string, QueuedAcquisition> = Object.create(null);
  private frontCount = 0;
  private readonly followers = new Map<string, FifoSet<QueuedAcquisition>>();
  /** The fronts that want several keys, by each of their keys. */
  private readonly frontsByKey = new Map<string, Set<QueuedAcquisition>>();
  private asking = 0;
  /** Acquisitions that wait because too many others are asking. */
  private readonly gate = new FifoSet<QueuedAcquisition>();
  /** Acquisitions whose `proceed` is to be called, in order. */
  private readonly toCall = new FifoSet<QueuedAcquisition>();
  private calling = false;

  constructor(private readonly maxPending: number) {}

  /** Counts a pending acquisition until `exit`. Returns false if `maxPending` is reached. */
  enter(): boolean {
    if (this.pending >= this.maxPending) return false;
    this.pending++;
    return true;
  }

  exit(): void {
    this.pending--;
  }

  /**
   * Adds an acquisition. Returns true if the acquisition may ask at once; otherwise its `proceed` is called later. An
   * `independent` acquisition does not wait for others that want the same keys.
   */
  join(acquisition: QueuedAcquisition, independent: boolean): boolean {
    const { queueKey } = acquisition;
    if (independent) return this.tryAsk(acquisition);
    if (this.fronts[queueKey] === undefined) {
      this.addFront(acquisition);
      return this.tryAsk(acquisition);
    }
    let followers = this.followers.get(queueKey);
    if (followers === undefined) {
      followers = new FifoSet();
      this.followers.set(queueKey, followers);
    }
    followers.add(acquisition);
    return false;
  }

  /**
   * Returns true if an acquisition that was denied may ask again at once; otherwise its `proceed` is called later. If
   * `notified`, the limit on asking acquisitions does not apply.
   */
  retry(acquisition: QueuedAcquisition, notified: boolean): boolean {
    if (!notified) return this.tryAsk(acquisition);
    this.gate.delete(acquisition);
    this.toCall.delete(acquisition);
    this.beginAsking(acquisition);
    return true;
  }

  /** Records that the attempt of an acquisition was answered. */
  answered(acquisition: QueuedAcquisition): void {
    if (!acquisition.asking) return;
    acquisition.asking = false;
    this.asking--;
    const next = this.gate.size > 0 && this.asking < maxAsking ? this.gate.take() : undefined;
    if (next === undefined) return;
    this.tryAsk(next);
    this.call(next);
  }

  /** Removes an acquisition that has its lease or has given up. */
  leave(acquisition: QueuedAcquisition): void {
    const { queueKey } = acquisition;
    if (this.gate.size > 0) this.gate.delete(acquisition);
    if (this.toCall.size > 0) this.toCall.delete(acquisition);
    if (acquisition.asking) this.answered(acquisition);
    const followers = this.followers.get(queueKey);
    if (this.fronts[queueKey] !== acquisition) {
      followers?.delete(acquisition);
      if (followers?.size === 0) this.followers.delete(queueKey);
      return;
    }
    delete this.fronts[queueKey];
    this.frontCount--;
    if (acquisition.keys.length > 1) this.removeFromFrontsByKey(acquisition);
    const next = followers?.take();
    if (followers?.size === 0) this.followers.delete(queueKey);
    if (next === undefined) return;
    this.addFront(next);
    next.succeed(acquisition);
    if (this.tryAsk(next)) this.call(next);
  }

  /**
   * Returns what is known about the nodes to an acquisition that ends without an attempt since `began`: the last attempt of
   * the front. Null if only others of this process are known to come before.
   */
  lastAttemptFor(acquisition: QueuedAcquisition, clock: Clock, began: Instant): FailedAttempt | null {
    const front = this.fronts[acquisition.queueKey] ?? acquisition;
    // The front waits because too many others are asking.
    if (front === acquisition) return failedAttempt("tooSlow", [], clock, null);
    const { lastAttempt } = front;
    // An undecided attempt that began later says nothing about the time before.
    const undecidedFor = lastAttempt?.undecidedFor ?? Number.POSITIVE_INFINITY;
    return undecidedFor < Math.round(elapsed(clock, began)) ? null : lastAttempt;
  }

  /**
   * Notifies the fronts that want these keys of a release in this process, without waiting for the nodes' messages. `rest`: ms
   * for which the nodes still keep the keys.
   */
  released(keys: readonly string[], rest: number): void {
    if (this.frontCount === 0) return;
    const toNotify = new Set<QueuedAcquisition>();
    for (const key of keys) {
      const unfair = this.fronts[queueKeyOf([key], false)];
      if (unfair !== undefined) toNotify.add(unfair);
      // Of the fair acquisitions of this process, only the oldest can be granted the key.
      let first = this.fronts[queueKeyOf([key], true)];
      for (const front of this.frontsByKey.get(key) ?? []) {
        if (!front.fair) toNotify.add(front);
        else if (first === undefined || front.ticket < first.ticket) first = front;
      }
      if (first !== undefined) toNotify.add(first);
    }
    for (const acquisition of toNotify) acquisition.released(rest);
  }

  private addFront(acquisition: QueuedAcquisition): void {
    this.fronts[acquisition.queueKey] = acquisition;
    this.frontCount++;
    if (acquisition.keys.length === 1) return;
    for (const key of acquisition.keys) {
      const fronts = this.frontsByKey.get(key);
      if (fronts === undefined) this.frontsByKey.set(key, new Set([acquisition]));
      else fronts.add(acquisition);
    }
  }

  private removeFromFrontsByKey(acquisition: QueuedAcquisition): void {
    for (const key of acquisition.keys) {
      const fronts = this.frontsByKey.get(key);
      fronts?.delete(acquisition);
      if (fronts?.size === 0) this.frontsByKey.delete(key);
    }
  }

  /**
   * Calls `proceed` without recursion. If the nodes refuse at once, an acquisition ends within its call, which would
   * otherwise call the next acquisition from inside.
   */
  private call(acquisition: QueuedAcquisition): void {
    this.toCall.add(acquisition);
    if (this.calling) return;
    this.calling = true;
    try {
      for (let next = this.toCall.take(); next !== undefined; next = this.toCall.take()) next.proceed();
    } finally {
      this.calling = false;
    }
  }

  /** Lets the acquisition ask, or makes it wait while too many others are asking. Returns whether it may ask. */
  private tryAsk(acquisition: QueuedAcquisition): boolean {
    if (this.asking < maxAsking) this.beginAsking(acquisition);
    else this.gate.add(acquisition);
    return acquisition.asking;
  }

  private beginAsking(acquisition: QueuedAcquisition): void {
    if (acquisition.asking) return;
    acquisition.asking = true;
    this.asking++;
  }
}
