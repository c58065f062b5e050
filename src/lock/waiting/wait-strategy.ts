import {
  type QueuePlace,
  type QueuePolicy,
  readerSign,
  reservation,
  weightSign,
} from "../../engine/protocol/command.js";
import type { MemberGate } from "../../engine/quorum/member-gate.js";
import type { RefusalEvent } from "../../machines/lock-events.js";
import type { LockInternals } from "../lock-internals.js";
import type { Settings } from "../settings.js";
import { QueuePosition } from "./queue-position.js";
import { hasGrant, isKept, isSplit, untilFree } from "./wait-estimate.js";

/** ms between two attempts of a waiter that can be notified, plus or minus a quarter. */
const poll = 400;
/** With more waiters than this in a process, each asks less often, but still often enough to keep its place. */
const manyWaiters = 1_000;
/** The maximum ms between two attempts if there are many waiters, plus or minus a quarter. */
const maxPoll = 1_000;
/**
 * ms between two attempts of a waiter that cannot be notified, plus or minus a quarter. The waiter must ask within the
 * time for which a free lock is kept.
 */
const unnotifiedPoll = 36;
/** ms to wait for the subscriptions before the second attempt. */
const subscriptionDelay = 100;
/** The maximum random delay, in ms, so that waiters for the end of the same ttl do not ask in the same instant. */
const jitter = 5;
/** ms before the next attempt after a split vote, or a lost race for permits. Doubled with each further split vote. */
const splitDelay = 5;

/** A fair attempt that takes no place in the queue. */
export const fairPolicy: QueuePolicy = { place: null, barge: false };
/** An attempt that takes a free lock even if others wait for it, and takes no place in the queue. */
export const bargingPolicy: QueuePolicy = { place: null, barge: true };

interface WaitingAcquisition {
  /** Epoch ms at which the acquisition began. */
  readonly ticket: number;
  /** The start of the last attempt, in ms of the monotonic clock. */
  readonly askedAt: number;
  /** Whether the lock was released in this process during that attempt, which may have reached the nodes too early. */
  readonly missedRelease: boolean;
  /** Shortens the wait for the next attempt to `delay` ms, if the acquisition waits between two attempts. */
  retryWithin(delay: number): void;
}

/**
 * Decides how one acquisition waits for a taken lock: its place in the nodes' queues, and when it asks again. An
 * acquisition that is granted at once has none.
 */
export class WaitStrategy {
  /** The place in the nodes' queues. Null until the acquisition needs one. */
  private position: QueuePosition | null = null;
  /** The number of split votes since the last notification. */
  private splits = 0;
  /** How often in a row the lock was kept for another waiter, which may also be waiting for other resources. */
  private kept = 0;

  constructor(
    private readonly lock: LockInternals,
    private readonly settings: Settings,
    private readonly acquisition: WaitingAcquisition,
  ) {}

  /** The place that a node may have in its queue. Null if no node has one. */
  get place(): QueuePlace | null {
    return this.position?.taken ? this.position.place : null;
  }

  /** Returns how an attempt that begins now treats the nodes' queues. */
  queuePolicy(): QueuePolicy {
    const { fair } = this.settings;
    // After a denial the acquisition takes a place even if it cannot be notified. Otherwise others could always go first.
    if (this.position === null && !this.lock.manager.engine.wakeupChannel.isSubscribed) {
      return fair ? fairPolicy : bargingPolicy;
    }
    this.position ??= this.enterQueue();
    return { place: this.position.ask(), barge: !fair };
  }

  /** Decides when the attempt that has just begun asks each node. Null: all at once. */
  get gate(): MemberGate | null {
    return this.position?.gate ?? null;
  }

  /** Returns the ms until the next attempt. A notification can start the attempt earlier. */
  untilRetry({ reason, votes, retryIn }: RefusalEvent): number {
    const { lock, settings, acquisition } = this;
    const { clock, random, engine } = lock.manager;
    const policy = retryIn ?? 0;
    if (reason === "tooSlow") return policy;
    const isDenied = votes.some(({ kind }) => kind === "denied");
    if (acquisition.missedRelease && isDenied) return 0;
    if (this.position === null && !isDenied) return policy;
    const isFirst = this.position === null;
    engine.wakeupChannel.answered(clock.monotonic() - acquisition.askedAt);
    this.position ??= this.enterQueue();
    if (isDenied) this.position.wait();
    if (isFirst) {
      if (!settings.defaultRetry) return policy;
      return engine.wakeupChannel.isSubscribed ? 0 : subscriptionDelay;
    }
    if (this.position.notified) {
      this.splits = 0;
      this.kept = 0;
      return 0;
    }
    if (!settings.defaultRetry || !isDenied) return policy;
    const split = isSplit(votes, engine.membership);
    const raced = lock.pool === null ? split : hasGrant(votes);
    if (reason === "noQuorum" && !raced) return policy;
    const { isSubscribed, waitingCount } = engine.wakeupChannel;
    const notifiedPoll = Math.max(poll, Math.min((poll * waitingCount) / manyWaiters, maxPoll));
    const maxDelay = (isSubscribed ? notifiedPoll : unnotifiedPoll) * (0.75 + random.fraction() / 2);
    const splitLimit = raced ? splitDelay * 2 ** this.splits++ * (0.5 + random.fraction() / 2) : maxDelay;
    this.kept = isKept(votes) ? this.kept + 1 : 0;
    const kept = reservation * 2 ** Math.max(0, this.kept - 1);
    return Math.min(
      maxDelay,
      splitLimit,
      untilFree(votes, engine.membership, kept) + random.fraction() * jitter,
    );
  }

  end(): void {
    this.position?.end();
  }

  private enterQueue(): QueuePosition {
    const { clock, engine } = this.lock.manager;
    const { wakeupChannel, membership } = engine;
    const onTurn = () => this.acquisition.retryWithin(0);
    const { lock, settings, acquisition } = this;
    const before = settings.mode === "shared" ? readerSign : "";
    const after = lock.pool === null ? "" : `${weightSign}${settings.weight}`;
    return new QueuePosition(wakeupChannel, acquisition.ticket, membership, clock, onTurn, { before, after });
  }
}
