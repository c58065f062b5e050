import { type LockCommand, placeTtl } from "../protocol/command.js";
import { releaseOwed } from "../protocol/refusal.js";
import { type Clock, elapsed, type Instant, now, type Timer } from "../time/clock.js";
import type { Reply } from "./lock-node.js";
import type { PendingCommand } from "./pending-command.js";
import { type Release, ReleaseCommand } from "./release-command.js";

/** Releases kept for one node. Beyond that the oldest is dropped, and its key lives until its ttl. */
const mostPending = 10_000;
/** ms between two tries of a release that the node refuses: doubled from one patience up to this. */
const longestPause = 5_000;
/**
 * ms for which a request of an ended connection may still reach the server: it lies in the buffers of a server that stands
 * still, or is transmitted again by the system.
 */
const straying = 120_000;
/** ms after the delivery of a release at which it is repeated, where the request that it undoes may arrive behind it. */
const repetitions: readonly number[] = [1_000, 4_000, 15_000, 60_000, 120_000];

/** A release that a node has not taken, or may have taken too early. */
interface Pending {
  readonly release: Release;
  readonly since: Instant;
  /** ms from `since` after which it is not worth delivering any more. */
  readonly life: number;
  /** The monotonic time before which it is not sent. */
  readonly due: number;
  /** How often it was refused since it was delivered last. */
  readonly refusals: number;
  /** How often it was delivered. */
  readonly deliveries: number;
}

/** The member whose releases these are. */
export interface ReleaseSender {
  /** Whether a release can be handed to the client now. */
  readonly accepts: boolean;
  /** Whether the node is connected and answers. When it is again, `deliver` is called. */
  readonly reachable: boolean;
  /** Stands for the connection: the same as long as what is sent arrives in order. Null if nobody can tell. */
  readonly connection: number | null;
  send(command: PendingCommand): void;
}

/** A release that was refused, timed out or lost may be repeated: it does no harm until its token is claimed again. */
const undelivered = (reply: Reply): boolean =>
  reply.kind === "failed" &&
  ["connection", "notReady", "refused", "timeout", "overloaded"].includes(reply.reason);

const concerns = (command: LockCommand, token: string): boolean =>
  ("token" in command && command.token === token) || ("from" in command && command.from === token);

/**
 * The releases that one node is owed. Each is delivered for as long as its key can live: a release that the client refused
 * or timed out is sent again, and one that may have overtaken the request that it undoes is repeated.
 */
export class PendingReleases {
  private pending: Pending[] = [];
  /** How many of them are of tokens that may be claimed again. */
  private cancellable = 0;
  /** Under way, for tokens that may be claimed again. */
  private readonly recurring = new Set<ReleaseCommand>();
  /** Under way for another time. */
  private retried = 0;
  private timer: Timer | null = null;
  private closed = false;

  constructor(
    private readonly sender: ReleaseSender,
    private readonly clock: Clock,
    /** ms between two looks at what is pending. */
    private readonly patience: number,
    /** Whether the member may be collected when nobody refers to it: then a timer keeps it until nothing is pending. */
    private readonly collectable: boolean,
  ) {}

  get size(): number {
    return this.pending.length;
  }

  /** Whether a release was refused, or lost, and has not been taken yet. */
  get outstanding(): boolean {
    return this.retried > 0 || this.pending.some(({ deliveries }) => deliveries === 0);
  }

  /** Sends a release behind everything sent before, or keeps it until the node can take it. */
  release(release: Release): void {
    const command = new ReleaseCommand(release, release.answered, (one, reply) =>
      this.settle(one, null, reply),
    );
    if (this.sender.accepts) this.sender.send(command);
    else command.onReply(releaseOwed);
  }

  /** Gives up a place in a queue: `later`, once the node has answered something, if the place has not lapsed by then. */
  leaveQueue(command: LockCommand, later: boolean): void {
    const release = {
      command,
      ttl: placeTtl,
      recurring: false,
      unanswered: false,
      askedOn: null,
      answered: null,
    };
    if (later) this.add({ ...this.first(release), due: this.clock.monotonic() });
    else this.release(release);
  }

  /** It is handed to the client. */
  sent(command: ReleaseCommand): void {
    command.connection = this.sender.connection;
    if (command.release.recurring) this.recurring.add(command);
  }

  /** The token is being claimed again: no release that is pending or under way may be repeated. */
  cancel(token: string): void {
    if (this.cancellable > 0) this.retain(({ release }) => !concerns(release.command, token));
    for (const command of this.recurring) command.cancel(token);
  }

  /** Sends all that is due, if the node takes it: behind what the client resends by itself, before anything new. */
  deliver(): void {
    if (this.pending.length === 0) return;
    this.prune();
    if (!this.sender.reachable) return;
    const at = this.clock.monotonic();
    const due = this.pending.filter((one) => one.due <= at);
    this.retain((one) => one.due > at);
    this.retried += due.length;
    for (const one of due) {
      this.sender.send(
        new ReleaseCommand(one.release, null, (command, reply) => {
          this.retried--;
          this.settle(command, one, reply);
        }),
      );
    }
    this.schedule();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private settle(command: ReleaseCommand, before: Pending | null, reply: Reply): void {
    this.recurring.delete(command);
    if (command.cancelled) return;
    if (undelivered(reply)) this.keep(command.release, before, reply);
    else if (this.mayBeOvertaken(command)) this.repeat(command.release, before);
  }

  /** Whether what the release undoes was never answered, and may be under way on another connection. */
  private mayBeOvertaken({ release, connection }: ReleaseCommand): boolean {
    const { unanswered, askedOn } = release;
    return unanswered && (askedOn === null || askedOn !== connection);
  }

  /** The node has not taken it. At the next connection it is sent at once; a node that refuses is asked less and less often. */
  private keep(release: Release, before: Pending | null, reply: Reply): void {
    const lost = reply.kind === "failed" && (reply.reason === "connection" || reply.reason === "notReady");
    const refusals = lost ? 0 : (before?.refusals ?? 0) + 1;
    const pause = Math.min(this.patience * 2 ** Math.min(refusals - 1, 20), longestPause);
    const due = this.clock.monotonic() + (lost ? 0 : pause);
    this.add({ ...(before ?? this.first(release)), due, refusals });
  }

  private repeat(release: Release, before: Pending | null): void {
    const { deliveries, ...rest } = before ?? this.first(release);
    const pause = repetitions[deliveries];
    if (pause === undefined) return;
    const due = this.clock.monotonic() + pause;
    this.add({ ...rest, deliveries: deliveries + 1, due, refusals: 0 });
  }

  private first(release: Release): Pending {
    const life = release.unanswered ? release.ttl + straying : release.ttl;
    return { release, since: now(this.clock), life, due: 0, refusals: 0, deliveries: 0 };
  }

  private add(one: Pending): void {
    this.pending.push(one);
    if (this.pending.length > mostPending) this.pending.shift();
    if (one.release.recurring) this.cancellable++;
    this.schedule();
  }

  private prune(): void {
    if (this.pending.length > 0) this.retain(({ since, life }) => elapsed(this.clock, since) < life);
  }

  private retain(wanted: (one: Pending) => boolean): void {
    this.pending = this.pending.filter(wanted);
    this.cancellable = this.pending.filter(({ release }) => release.recurring).length;
  }

  private schedule(): void {
    if (this.closed || this.timer !== null || this.pending.length === 0) return;
    if (!this.sender.reachable && !this.collectable) return;
    const look = () => {
      this.timer = null;
      this.deliver();
      this.schedule();
    };
    this.timer = this.clock.after(this.patience, look, true);
  }
}
