import { type QueuePlace, type QueuePolicy, reservation } from "../../engine/protocol/command.js";
import { quorumOf } from "../../engine/quorum/decision.js";
import type { RefusalEvent } from "../../machines/lock-events.js";
import type { LockInternals } from "../lock-internals.js";
import type { Settings } from "../settings.js";
import { QueuePosition } from "./queue-position.js";
import { isKept, isSplit, untilFree } from "./wait-estimate.js";

/** ms between two attempts of somebody who waits to be told, give or take a quarter. */
const poll = 400;
/** From so many in a process on, who then ask less often together, though still often enough to keep their places. */
const crowd = 1_000;
const crowdedPoll = 1_000;
/** The same where it cannot be told: it must come within the time for which a free lock is kept for it. */
const deafPoll = 36;
/** ms for which it waits for the nodes to be able to tell it of its turn, before it asks again. */
const opening = 100;
/** ms, so that those who wait for the same ttl to end don't ask in the same instant. */
const jitter = 5;
/** ms before the next attempt where the nodes were split; twice as many each time that they are again. */
const splitDelay = 5;

/** Takes no place. */
export const fairPolicy: QueuePolicy = { place: null, barge: false };
const bargingPolicy: QueuePolicy = { place: null, barge: true };

interface RetryListener {
  /** It had better ask in so many ms, if it is between two attempts. */
  retryWithin(delay: number): void;
}

/** How one acquisition waits while others hold what it wants: its place in their queues, and when it asks again. */
export class WaitStrategy {
  /** Once it was denied. */
  private position: QueuePosition | null = null;
  /** How often the nodes were split since it was told of its turn. */
  private splits = 0;
  /** How often in a row it was kept for somebody else, who may want other resources with it and then waits for those. */
  private kept = 0;
  /** By the monotonic clock. */
  private askedAt = 0;
  /** It was released here while an attempt was under way, which may have come too early for that. */
  private missed = false;

  constructor(
    private readonly lock: LockInternals,
    private readonly settings: Settings,
    /** Epoch ms. */
    private readonly ticket: number,
    private readonly listener: RetryListener,
  ) {}

  /** The place that a node may have in its queue. */
  get place(): QueuePlace | null {
    return this.position?.taken ? this.position.place : null;
  }

  /** How an attempt that begins now heeds those who wait. */
  queuePolicy(): QueuePolicy {
    this.missed = false;
    this.askedAt = this.lock.manager.clock.monotonic();
    const { fair } = this.settings;
    // Who was denied takes a place, also where it cannot be told of its turn: without one it would be let by for ever.
    if (this.position === null && !this.lock.manager.engine.wakeupChannel.isSubscribed) {
      return fair ? fairPolicy : bargingPolicy;
    }
    this.position ??= this.enterQueue();
    return { place: this.position.ask(), barge: !fair };
  }

  /** It was released in this process, while an attempt is under way. */
  releasedMeanwhile(): void {
    this.missed = true;
  }

  /** ms until the next attempt. Who was denied is told when its turn has come, and asks in any case. */
  untilRetry({ reason, votes, retryIn }: RefusalEvent): number {
    const { lock, settings } = this;
    const { random, engine } = lock.manager;
    const policy = retryIn ?? 0;
    if (reason === "tooSlow") return policy;
    const isDenied = votes.some(({ kind }) => kind === "denied");
    if (this.missed && isDenied) return 0;
    if (this.position === null && !isDenied) return policy;
    const isFirst = this.position === null;
    engine.wakeupChannel.answered(lock.manager.clock.monotonic() - this.askedAt);
    this.position ??= this.enterQueue();
    if (isDenied) this.position.wait();
    if (isFirst) {
      if (!settings.defaultRetry) return policy;
      return engine.wakeupChannel.isSubscribed ? 0 : opening;
    }
    const { turn } = this.position;
    if (turn !== null) {
      this.splits = 0;
      this.kept = 0;
      return turn;
    }
    if (!settings.defaultRetry || !isDenied) return policy;
    const nodes = engine.members.length;
    const split = isSplit(votes, nodes);
    if (reason === "noQuorum" && !split) return policy;
    const { isSubscribed, waitingCount } = engine.wakeupChannel;
    const told = Math.max(poll, Math.min((poll * waitingCount) / crowd, crowdedPoll));
    const longest = (isSubscribed ? told : deafPoll) * (0.75 + random.fraction() / 2);
    const again = split ? splitDelay * 2 ** this.splits++ * (0.5 + random.fraction() / 2) : longest;
    this.kept = isKept(votes) ? this.kept + 1 : 0;
    const kept = reservation * 2 ** Math.max(0, this.kept - 1);
    return Math.min(longest, again, untilFree(votes, nodes, kept) + random.fraction() * jitter);
  }

  end(): void {
    this.position?.end();
  }

  private enterQueue(): QueuePosition {
    const { wakeupChannel, members } = this.lock.manager.engine;
    const onTurn = (delay: number) => this.listener.retryWithin(delay);
    return new QueuePosition(wakeupChannel, this.ticket, quorumOf(members.length), onTurn);
  }
}
