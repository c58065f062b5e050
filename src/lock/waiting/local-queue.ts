import { FifoSet } from "../../support/fifo-set.js";

/** Somebody who wants a lock. Must not throw. */
export interface QueuedAcquisition {
  /** What it wants: those who want the same go one after the other. */
  readonly queueKey: string;
  readonly keys: readonly string[];
  /** Whether it leaves a free lock to who has waited longer. */
  readonly fair: boolean;
  /** Epoch ms at which it came. */
  readonly ticket: number;
  /** Kept here: whether a question of it is under way. */
  asking: boolean;
  /** It may ask now. */
  proceed(): void;
  /** What it wants was released in this process. */
  released(): void;
}

/**
 * The line of those who want these keys. Who does not heed the order stands in another: behind those whom it may
 * overtake it would wait for them.
 */
export function queueKeyOf(keys: readonly string[], fair: boolean): string {
  const [only = ""] = keys;
  const wanted = keys.length === 1 && !only.startsWith("\0") ? only : `\0${JSON.stringify(keys)}`;
  return fair ? wanted : `\0unfair:${wanted}`;
}

/**
 * Acquisitions of which a question may be under way at once; the others follow in the order in which they would ask. So
 * thousands who wait do not ask healthy nodes for more than these can answer, and nobody is refused because of them: each
 * question is followed by a release, and a seat takes no more when 10,000 commands are unanswered.
 */
const mostAsking = 2_000;

/**
 * The callers of one process. Of those who want the same lock only the first asks the nodes, and stands there for all:
 * when it has its lease, or has given up, the next one asks.
 */
export class LocalQueue {
  /** Acquisitions under way or waiting, those that stand in no line included. */
  private pending = 0;
  private readonly fronts: Record<string, QueuedAcquisition> = Object.create(null);
  private readonly followers = new Map<string, FifoSet<QueuedAcquisition>>();
  /** By key: fronts that want others with it. */
  private readonly several = new Map<string, Set<QueuedAcquisition>>();
  private asking = 0;
  private readonly gate = new FifoSet<QueuedAcquisition>();
  /** To be called, in this order. */
  private readonly calls = new FifoSet<QueuedAcquisition>();
  private calling = false;

  constructor(private readonly maxPending: number) {}

  /** Whether one more may be pending: until `exit`. */
  enter(): boolean {
    if (this.pending >= this.maxPending) return false;
    this.pending++;
    return true;
  }

  exit(): void {
    this.pending--;
  }

  /** Whether it may ask at once; otherwise it is called. `alone`: it stands in no line. */
  join(acquisition: QueuedAcquisition, alone: boolean): boolean {
    const { queueKey } = acquisition;
    if (alone) return this.pass(acquisition);
    if (this.fronts[queueKey] === undefined) {
      this.lead(acquisition);
      return this.pass(acquisition);
    }
    let followers = this.followers.get(queueKey);
    if (followers === undefined) {
      followers = new FifoSet();
      this.followers.set(queueKey, followers);
    }
    followers.add(acquisition);
    return false;
  }

  /** Whether one that was denied may ask again at once; otherwise it is called. `isTold`: it need not wait for others. */
  again(acquisition: QueuedAcquisition, isTold: boolean): boolean {
    if (!isTold) return this.pass(acquisition);
    this.gate.delete(acquisition);
    this.calls.delete(acquisition);
    this.begin(acquisition);
    return true;
  }

  /** Its question is answered. */
  answered(acquisition: QueuedAcquisition): void {
    if (!acquisition.asking) return;
    acquisition.asking = false;
    this.asking--;
    const next = this.asking < mostAsking ? this.gate.take() : undefined;
    if (next === undefined) return;
    this.pass(next);
    this.call(next);
  }

  /** It has its lease, or has given up. */
  leave(acquisition: QueuedAcquisition): void {
    const { queueKey } = acquisition;
    this.gate.delete(acquisition);
    this.calls.delete(acquisition);
    this.answered(acquisition);
    const followers = this.followers.get(queueKey);
    if (this.fronts[queueKey] !== acquisition) {
      followers?.delete(acquisition);
      if (followers?.size === 0) this.followers.delete(queueKey);
      return;
    }
    delete this.fronts[queueKey];
    this.forget(acquisition);
    const next = followers?.take();
    if (followers?.size === 0) this.followers.delete(queueKey);
    if (next === undefined) return;
    this.lead(next);
    if (this.pass(next)) this.call(next);
  }

  /** They were released in this process: whoever stands for them need not wait to be told by the nodes. */
  released(keys: readonly string[]): void {
    const told = new Set<QueuedAcquisition>();
    for (const key of keys) {
      const unfair = this.fronts[queueKeyOf([key], false)];
      if (unfair !== undefined) told.add(unfair);
      // Of those who heed the order only the first can be granted it, as far as this process knows.
      let first = this.fronts[queueKeyOf([key], true)];
      for (const front of this.several.get(key) ?? []) {
        if (!front.fair) told.add(front);
        else if (first === undefined || front.ticket < first.ticket) first = front;
      }
      if (first !== undefined) told.add(first);
    }
    for (const acquisition of told) acquisition.released();
  }

  private lead(acquisition: QueuedAcquisition): void {
    this.fronts[acquisition.queueKey] = acquisition;
    if (acquisition.keys.length === 1) return;
    for (const key of acquisition.keys) {
      const fronts = this.several.get(key);
      if (fronts === undefined) this.several.set(key, new Set([acquisition]));
      else fronts.add(acquisition);
    }
  }

  private forget(acquisition: QueuedAcquisition): void {
    if (acquisition.keys.length === 1) return;
    for (const key of acquisition.keys) {
      const fronts = this.several.get(key);
      fronts?.delete(acquisition);
      if (fronts?.size === 0) this.several.delete(key);
    }
  }

  /** One after the other: where nodes refuse at once, each is through before its call is, and calls the next one. */
  private call(acquisition: QueuedAcquisition): void {
    this.calls.add(acquisition);
    if (this.calling) return;
    this.calling = true;
    try {
      for (let next = this.calls.take(); next !== undefined; next = this.calls.take()) next.proceed();
    } finally {
      this.calling = false;
    }
  }

  private pass(acquisition: QueuedAcquisition): boolean {
    if (this.asking < mostAsking) this.begin(acquisition);
    else this.gate.add(acquisition);
    return acquisition.asking;
  }

  private begin(acquisition: QueuedAcquisition): void {
    if (acquisition.asking) return;
    acquisition.asking = true;
    this.asking++;
  }
}
