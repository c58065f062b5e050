import { Row } from "../../support/fifo-set.js";

/** Somebody who wants a lock. Must not throw. */
export interface Entrant {
  /** What it wants: those who want the same go one after the other. */
  readonly line: string;
  readonly keys: readonly string[];
  /** Whether it leaves a free lock to who has waited longer. */
  readonly fair: boolean;
  /** Epoch ms at which it came. */
  readonly ticket: number;
  /** Kept here: whether a question of it is under way. */
  asking: boolean;
  /** It may ask now. */
  called(): void;
  /** What it wants was released in this process. */
  freed(): void;
}

/**
 * The line of those who want these keys. Who does not heed the order stands in another: behind those whom it may
 * overtake it would wait for them.
 */
export function lineOf(keys: readonly string[], fair: boolean): string {
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
export class Lines {
  /** Acquisitions under way or waiting, those that stand in no line included. */
  private pending = 0;
  private readonly fronts: Record<string, Entrant> = Object.create(null);
  private readonly followers = new Map<string, Row<Entrant>>();
  /** By key: fronts that want others with it. */
  private readonly several = new Map<string, Set<Entrant>>();
  private asking = 0;
  private readonly gate = new Row<Entrant>();
  /** To be called, in this order. */
  private readonly calls = new Row<Entrant>();
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
  join(entrant: Entrant, alone: boolean): boolean {
    const { line } = entrant;
    if (alone) return this.pass(entrant);
    if (this.fronts[line] === undefined) {
      this.lead(entrant);
      return this.pass(entrant);
    }
    let followers = this.followers.get(line);
    if (followers === undefined) {
      followers = new Row();
      this.followers.set(line, followers);
    }
    followers.add(entrant);
    return false;
  }

  /** Whether one that was denied may ask again at once; otherwise it is called. `isTold`: it need not wait for others. */
  again(entrant: Entrant, isTold: boolean): boolean {
    if (!isTold) return this.pass(entrant);
    this.gate.delete(entrant);
    this.calls.delete(entrant);
    this.begin(entrant);
    return true;
  }

  /** Its question is answered. */
  answered(entrant: Entrant): void {
    if (!entrant.asking) return;
    entrant.asking = false;
    this.asking--;
    const next = this.asking < mostAsking ? this.gate.take() : undefined;
    if (next === undefined) return;
    this.pass(next);
    this.call(next);
  }

  /** It has its lease, or has given up. */
  leave(entrant: Entrant): void {
    const { line } = entrant;
    this.gate.delete(entrant);
    this.calls.delete(entrant);
    this.answered(entrant);
    const followers = this.followers.get(line);
    if (this.fronts[line] !== entrant) {
      followers?.delete(entrant);
      if (followers?.size === 0) this.followers.delete(line);
      return;
    }
    delete this.fronts[line];
    this.forget(entrant);
    const next = followers?.take();
    if (followers?.size === 0) this.followers.delete(line);
    if (next === undefined) return;
    this.lead(next);
    if (this.pass(next)) this.call(next);
  }

  /** They were released in this process: whoever stands for them need not wait to be told by the nodes. */
  freed(keys: readonly string[]): void {
    const told = new Set<Entrant>();
    for (const key of keys) {
      const unfair = this.fronts[lineOf([key], false)];
      if (unfair !== undefined) told.add(unfair);
      // Of those who heed the order only the first can be granted it, as far as this process knows.
      let first = this.fronts[lineOf([key], true)];
      for (const front of this.several.get(key) ?? []) {
        if (!front.fair) told.add(front);
        else if (first === undefined || front.ticket < first.ticket) first = front;
      }
      if (first !== undefined) told.add(first);
    }
    for (const entrant of told) entrant.freed();
  }

  private lead(entrant: Entrant): void {
    this.fronts[entrant.line] = entrant;
    if (entrant.keys.length === 1) return;
    for (const key of entrant.keys) {
      const fronts = this.several.get(key);
      if (fronts === undefined) this.several.set(key, new Set([entrant]));
      else fronts.add(entrant);
    }
  }

  private forget(entrant: Entrant): void {
    if (entrant.keys.length === 1) return;
    for (const key of entrant.keys) {
      const fronts = this.several.get(key);
      fronts?.delete(entrant);
      if (fronts?.size === 0) this.several.delete(key);
    }
  }

  /** One after the other: where nodes refuse at once, each is through before its call is, and calls the next one. */
  private call(entrant: Entrant): void {
    this.calls.add(entrant);
    if (this.calling) return;
    this.calling = true;
    try {
      for (let next = this.calls.take(); next !== undefined; next = this.calls.take()) next.called();
    } finally {
      this.calling = false;
    }
  }

  private pass(entrant: Entrant): boolean {
    if (this.asking < mostAsking) this.begin(entrant);
    else this.gate.add(entrant);
    return entrant.asking;
  }

  private begin(entrant: Entrant): void {
    if (entrant.asking) return;
    entrant.asking = true;
    this.asking++;
  }
}
