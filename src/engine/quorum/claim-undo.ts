import type { AsyncContext } from "../../support/async-context.js";
import type { Reply } from "../node/lock-node.js";
import type { LockCommand, QueuePlace } from "../protocol/command.js";
import { longestShort } from "../protocol/memory.js";
import { type Clock, elapsed, type Instant, type Timer } from "../time/clock.js";
import type { ClaimCommand, MemberRecord } from "./claim-command.js";
import type { PriorLease } from "./origin.js";

type ReleaseOperation = Extract<LockCommand, { op: "release" }>;

/** ms for which a node that has not answered yet is given time to deny, so that it needs no release. */
const patience = 2;

/**
 * ms for which a release of a lease that was handed over is worth delivering, at least. Its ttl may have been longer before than
 * it was in the end, and the nodes keep the key for the longest one.
 */
const inheritedTtl = 86_400_000;

/** A claim that is to be undone. */
export interface UndoableClaim {
  /** The asynchronous context of the caller. */
  readonly caller: AsyncContext;
  readonly keys: readonly string[];
  /** The keys that this node may hold. */
  keysAt(record: MemberRecord): readonly string[];
  readonly token: string;
  /** The nodes held the token before the claim, and another client may use it too. */
  readonly tokenShared: boolean;
  /** The lease that the claim took over, if it is an adoption. */
  readonly from: PriorLease | null;
  /** Whether the adoption or the resumption has succeeded. */
  readonly kept: boolean;
  /** Whether the user chose the token, and so may use it again. */
  readonly named: boolean;
  /** Whether the claim is the latest one of its token. */
  readonly latest: boolean;
  readonly place: QueuePlace | null;
  /** ms for which the nodes may keep the keys. */
  readonly maxTtl: number;
  /** The monotonic time until which the nodes are to keep the keys even after the release; null if they are not. */
  readonly keptUntil: number | null;
}

/**
 * Undoes a claim on the nodes. Every node that was sent anything gets a release, even a silent one, and another release
 * if a command of the claim may arrive after the first one. The exception is a node that has denied all commands of a failed
 * attempt: it holds nothing.
 */
export class ClaimUndo {
  /** The latest release, which is the same for all nodes that may hold the same keys. Null until it is needed. */
  private release: ReleaseOperation | null = null;
  /** The nodes whose release has been put off. */
  private readonly late = new Set<MemberRecord>();
  private timer: Timer | null = null;

  constructor(
    private readonly claim: UndoableClaim,
    private readonly clock: Clock,
    /** Whether the releases wake waiters. */
    private readonly wakesWaiters: boolean,
    /** The place that a node takes again whose grant has left it. Null if the claim's waiter does not go on waiting. */
    private readonly kept: QueuePlace | null = null,
  ) {}

  /** Releases the claim on one node. `answered` gets the reply, or a denial if the node was sent nothing. */
  releaseAt(record: MemberRecord, answered: (reply: Reply) => void): void {
    const { claim } = this;
    const { caller, from, kept, named, keys, token, maxTtl, keptUntil } = claim;
    const { member, askedOn } = record;
    // A node may still hold the old token without having been sent the new one.
    const inherited = from !== null && kept;
    if (!record.touched && !inherited) return answered({ kind: "denied", holder: null });
    const { reclaimable } = this;
    const unanswered = record.unanswered > 0;
    const holdsNothing = record.denied && !record.granted && !unanswered && !reclaimable;
    if (holdsNothing && !this.wakesWaiters) {
      record.released = true;
      return answered({ kind: "denied", holder: null });
    }
    const ttl = from === null ? maxTtl : Math.max(maxTtl, from.ttl, inheritedTtl);
    const release = (command: LockCommand, onReply: ((reply: Reply) => void) | null) =>
      member.release({
        command,
        keptUntil,
        caller,
        ttl,
        reclaimable,
        unanswered,
        askedOn,
        answered: onReply,
      });
    if (from !== null && (kept || named)) {
      // A node that was never sent the new token keeps the key for the ttl of the lease that was handed over.
      release({ op: "release", keys, token: from.token, long: true }, null);
      if (!kept && !record.granted) {
        record.released = true;
        return answered({ kind: "denied", holder: null });
      }
    }
    const hasLeftQueue = record.granted && !unanswered;
    release(this.commandFor(token, claim.keysAt(record), hasLeftQueue ? this.kept : null), (reply) => {
      record.released = true;
      answered(reply);
    });
  }

  /**
   * Releases the claim on one node. A node that has not answered gets the release when it grants, or a little later unless it
   * denies.
   */
  releasePatiently(record: MemberRecord): void {
    if (record.unanswered === 0 || this.reclaimable) return this.releaseAt(record, () => {});
    this.late.add(record);
    this.timer ??= this.clock.after(patience, () => this.releaseNow());
  }

  /** Sends the releases that were put off. Returns whether there were any. */
  releaseNow(): boolean {
    const late = [...this.late];
    for (const record of late) this.releaseIfLate(record);
    return late.length > 0;
  }

  /** Sends the node's release if it was put off. */
  releaseIfLate(record: MemberRecord): void {
    if (!this.late.delete(record)) return;
    if (this.late.size === 0) this.timer?.cancel();
    this.releaseAt(record, () => {});
  }

  /** Releases again after a command that was granted or lost: it may have arrived after the release. */
  releaseAgain({ record, askedAt }: ClaimCommand): void {
    this.releaseIfLate(record);
    if (record.released && this.mayReleaseAgain(askedAt)) this.releaseAt(record, () => {});
  }

  /** Whether the token may be claimed again. */
  private get reclaimable(): boolean {
    const { tokenShared, named, from } = this.claim;
    return tokenShared || named || from !== null;
  }

  /**
   * Whether a release is safe: another process may use a chosen token, unless this claim used it last, within the ttl.
   */
  private mayReleaseAgain(askedAt: Instant | null): boolean {
    if (askedAt === null) return true;
    const { kept, latest, maxTtl } = this.claim;
    return !kept && latest && elapsed(this.clock, askedAt) < maxTtl;
  }

  /** Whether a node may have recorded a long lease. The ttl may be longer than known if only the token is known. */
  private get isLong(): boolean {
    const { maxTtl, tokenShared, from } = this.claim;
    return maxTtl > longestShort || tokenShared || from !== null;
  }

  /** `again`: the place to take again; null if there is none. */
  private commandFor(token: string, keys: readonly string[], again: QueuePlace | null): LockCommand {
    const { from, kept, named, place } = this.claim;
    if (from === null || kept || named) {
      if (this.release?.keys === keys && this.release.queue?.place === (again ?? undefined))
        return this.release;
      // A grant has already left the queue. Nodes that denied the claim keep its place until now.
      const plain: ReleaseOperation = this.wakesWaiters
        ? { op: "release", keys, token, queue: { id: place?.id ?? null, wake: true } }
        : again === null
          ? { op: "release", keys, token }
          : { op: "release", keys, token, queue: { id: null, wake: false, place: again } };
      this.release = this.isLong ? { ...plain, long: true } : plain;
      return this.release;
    }
    return { op: "giveBack", keys, token: from.token, from: token, ttl: from.ttl };
  }
}
