import { permitNumber, permitResource, semaphoreResource } from "../engine/protocol/permit-keys.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { Claim } from "../engine/quorum/claim.js";
import type { Claims } from "../engine/quorum/claims.js";
import type { Origin } from "../engine/quorum/origin.js";
import type { PermitOrder } from "../engine/quorum/permit-claim.js";
import type { Random } from "../engine/time/random.js";
import type { AsyncContext } from "../support/async-context.js";
import { warnBounded } from "../support/warn.js";
import type { FailedAttempt } from "./failed-attempt.js";

/**
 * Maximum number of acquisitions of one semaphore in a process that ask the nodes at once. The others follow. Several permits may
 * be free, so that one caller need not wait for the answer to another.
 */
const maxLanes = 64;

/**
 * The permits of one semaphore, each of which is a lock of its own. A pool knows which permits this process holds, and in
 * which order an attempt asks for them: processes and attempts begin at different permits, so that they seldom take the
 * same one on different nodes.
 */
export class PermitPool {
  /** The key that stands for the semaphore. Its waiters queue there. */
  readonly key: string;
  /** The keys of all permits, by their numbers, which are counted from 1. */
  private readonly keys: readonly string[];
  private readonly held = new Set<number>();
  /** The permits that this process has returned, the latest last. They are probably free, unless it has taken them again. */
  private readonly returnedLast: number[] = [];
  /** The permit at which the next attempt begins. */
  private next: number;
  private readonly warnedOf = new Set<number>();
  /** The number of acquisitions so far, which take the lanes in turn. */
  private acquisitions = 0;

  constructor(
    readonly name: string,
    /** The number of permits that the semaphore has. */
    readonly number: number,
    private readonly prefix: string,
    random: Random,
    /** The keys of the permits of a lease that was handed over. Default: all. */
    keys?: readonly string[],
  ) {
    this.key = prefix + semaphoreResource(name);
    this.keys = keys ?? Array.from({ length: number }, (_, index) => permitResource(this.key, index + 1));
    this.next = Math.floor(random.fraction() * number);
  }

  /** The keys of all permits. */
  get all(): readonly string[] {
    return this.keys;
  }

  /**
   * What an acquisition queues for in this process: the semaphore, of whose releases it is told, and a lane, in which others of
   * this process come before.
   */
  nextLane(): readonly string[] {
    return [this.key, `${this.key}#${this.acquisitions++ % Math.min(this.number, maxLanes)}`];
  }

  /** The resources of these permits. */
  resourcesOf(permits: readonly number[]): string[] {
    return permits.map((permit) => permitResource(this.key, permit).slice(this.prefix.length));
  }

  /** Creates the claim of an attempt. `previous`: the attempt before. */
  createClaim(
    claims: Claims,
    weight: number,
    origin: Origin | null,
    caller: AsyncContext,
    previous: FailedAttempt | null,
  ): Claim {
    const onVotes = (votes: readonly Vote[]) => this.checkNumber(votes);
    if (origin === null)
      return claims.createForPermits(this.order(weight, previous), weight, caller, onVotes);
    const claim = claims.create(this.keys, origin, caller, "exclusive");
    claim.permits = this.keys.map(permitNumber);
    return claim;
  }

  /** This process has acquired these permits. */
  taken(permits: readonly number[] = []): void {
    for (const permit of permits) this.held.add(permit);
  }

  /** A lease of these permits has ended. */
  returned(permits: readonly number[] = []): void {
    for (const permit of permits) {
      this.held.delete(permit);
      this.returnedLast.push(permit);
    }
    while (this.returnedLast.length > this.number) this.returnedLast.shift();
  }

  /** Warns if other processes give another number of permits. */
  private checkNumber(votes: readonly Vote[]): void {
    for (const vote of votes) {
      const other = vote.kind === "failed" ? undefined : vote.otherNumber;
      if (other === undefined || this.warnedOf.has(other)) continue;
      this.warnedOf.add(other);
      const [most, least] = [Math.max(other, this.number), Math.min(other, this.number)];
      warnBounded(
        "PERMITS_MISMATCH",
        `the semaphore ${JSON.stringify(this.name)} has ${this.number} permits here, and ${other} in another process (on ${vote.node})`,
        `Up to ${most} leases are valid at once while both are in use, and a process that gives ${least} does not see the other ` +
          "permits. Give the same number of permits in every process.",
      );
    }
  }

  /** The permits in the order in which an attempt asks for them. */
  private order(weight: number, previous: FailedAttempt | null): PermitOrder {
    const { number, held, keys } = this;
    const preferred = grantedMost(previous?.votes ?? []);
    // Another attempt of this process begins elsewhere.
    let missing = weight;
    while (missing > 0 && this.returnedLast.length > 0) {
      const permit = this.returnedLast.pop() ?? 0;
      if (held.has(permit)) continue;
      preferred.push(permit);
      missing--;
    }
    const begin = this.next;
    this.next = (this.next + weight) % number;
    return new PooledOrder(keys, held, preferred, begin, previous === null, missing === 0);
  }
}

/** The order in which one attempt asks for the permits of a pool. */
class PooledOrder implements PermitOrder {
  constructor(
    readonly all: readonly string[],
    private readonly held: ReadonlySet<number>,
    private readonly preferred: readonly number[],
    /** The index of the permit at which those begin that are not preferred. */
    private readonly begin: number,
    readonly startsFree: boolean,
    readonly startsReturned: boolean,
  ) {}

  get number(): number {
    return this.all.length;
  }

  keyOf(permit: number): string | undefined {
    return this.all[permit - 1];
  }

  /** The preferred permits, then those that this process does not hold, then the others. */
  first(count: number): readonly string[] {
    const { all, held, begin, number } = this;
    const order = new Set(this.preferred);
    for (const mayBeHeld of [false, true]) {
      for (let index = begin; index < begin + number && order.size < count; index++) {
        const permit = (index % number) + 1;
        if (mayBeHeld || !held.has(permit)) order.add(permit);
      }
    }
    const keys: string[] = [];
    for (const permit of order) keys.push(all[permit - 1] ?? "");
    return keys;
  }
}

/** The permits that nodes have granted, those with most votes first. */
function grantedMost(votes: readonly Vote[]): number[] {
  const counts = new Map<number, number>();
  for (const vote of votes) {
    if (vote.kind !== "granted") continue;
    for (const permit of vote.permits ?? []) counts.set(permit, (counts.get(permit) ?? 0) + 1);
  }
  return [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
}
