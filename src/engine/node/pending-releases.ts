import { type LockCommand, placeTtl } from "../protocol/command.js";
import { releasePending } from "../protocol/refusal.js";
import { type Clock, elapsed, now, type Timer } from "../time/clock.js";
import type { Reply } from "./lock-node.js";
import {
  concerns,
  deletingInstead,
  givesBack,
  type PendingRelease,
  type Release,
  ReleaseCommand,
} from "./release-command.js";
import type { PendingCommand } from "./request-queue.js";

/**
 * Maximum number of pending releases per node. Beyond it the oldest release is dropped, and its key stays until its ttl
 * ends.
 */
const maxPending = 10_000;
/**
 * Maximum pause in ms before a release that the node refused is sent again. The pause begins with the node timeout, and
 * doubles.
 */
const maxPauseMs = 5_000;
/**
 * How long a request of a closed connection may still reach the server, in ms: the request may be in the buffers of a
 * stalled server, or may be retransmitted by the operating system.
 */
const maxStrayMs = 120_000;
/**
 * Times in ms after the delivery of a release at which the release is repeated, if the request that it undoes may
 * arrive after it.
 */
const repetitions: readonly number[] = [1_000, 4_000, 15_000, 60_000, 120_000];

/** The quorum member that sends the releases. */
export interface ReleaseSender {
  /** Whether a release can be passed to the client now. */
  readonly accepts: boolean;
  /** Whether the node is connected and answers. `deliver` is called when that becomes true again. */
  readonly reachable: boolean;
  /**
   * Identifies the connection: the value stays the same as long as requests arrive in order. Null if the order cannot
   * be known.
   */
  readonly connection: number | null;
  send(command: PendingCommand): void;
}

/** Whether the node did not accept the release. Repeating a release is harmless until its token is claimed again. */
const undelivered = (reply: Reply): boolean =>
  reply.kind === "failed" &&
  ["connection", "notReady", "refused", "timeout", "overloaded"].includes(reply.reason);

/**
 * The releases that one node still has to receive. Each release is delivered for as long as its key can exist: a
 * release that was refused, lost or timed out is sent again, and a release that may have overtaken the request that it
 * undoes is repeated.
 */
export class PendingReleases {
  private pending: PendingRelease[] = [];
  /** Number of releases, pending or in flight, whose token may be claimed again. */
  cancellable = 0;
  /** Those in flight. */
  private readonly reclaimable = new Set<ReleaseCommand>();
  /** Number of retried releases in flight. */
  private retried = 0;
  private timer: Timer | null = null;
  private closed = false;

  constructor(
    private readonly sender: ReleaseSender,
    private readonly clock: Clock,
    /** Interval in ms at which pending releases are checked. */
    private readonly interval: number,
    /**
     * Whether an unreferenced member may be garbage-collected. If so, a timer keeps the member alive until nothing is
     * pending.
     */
    private readonly collectable: boolean,
  ) {}

  /** Whether a release was refused or lost, and has not been accepted yet. */
  get outstanding(): boolean {
    return this.retried > 0 || this.pending.some(({ deliveries }) => deliveries === 0);
  }

  /** Sends a release after everything sent before, or keeps it until the node can accept it. */
  release(release: Release): void {
    if (release.command.op === "release") this.endLease(release.command.token);
    const command = new ReleaseCommand(release, null, this, this.clock.monotonic());
    if (this.sender.accepts) this.sender.send(command);
    else command.onReply(releasePending);
  }

  /**
   * Gives up a place in a queue. `later`: only once the node has answered something, unless the place has expired by
   * then.
   */
  leaveQueue(command: LockCommand, later: boolean): void {
    const release = {
      command,
      keptUntil: null,
      caller: null,
      ttl: placeTtl,
      reclaimable: false,
      unanswered: false,
      askedOn: null,
      answered: null,
    };
    if (later) this.add({ ...this.newEntry(release), due: this.clock.monotonic() });
    else this.release(release);
  }

  onSent(command: ReleaseCommand): void {
    command.connection = this.sender.connection;
    if (!command.release.reclaimable) return;
    this.reclaimable.add(command);
    this.cancellable++;
  }

  onReply(command: ReleaseCommand, reply: Reply): void {
    const { release } = command;
    const repeated = command.repeated === null ? null : { ...command.repeated, release };
    if (repeated !== null) this.retried--;
    if (this.reclaimable.delete(command)) this.cancellable--;
    if (command.cancelled) return;
    if (undelivered(reply)) this.retryLater(release, repeated, reply);
    else if (this.mayBeOvertaken(command)) this.repeat(release, repeated);
  }

  /** The token is being claimed again: no release of this token that is pending or in flight may be repeated. */
  cancel(token: string): void {
    if (this.pending.length > 0) this.retain(({ release }) => !concerns(release.command, token));
    for (const command of this.reclaimable) command.cancel(token);
  }

  /** The lease of this token is over: a failed adoption that is still to be undone must not give it back. */
  private endLease(token: string): void {
    for (const command of this.reclaimable)
      if (givesBack(command.command, token)) command.release = deletingInstead(command.release);
    if (this.pending.length === 0) return;
    this.pending = this.pending.map((entry) =>
      givesBack(entry.release.command, token) ? { ...entry, release: deletingInstead(entry.release) } : entry,
    );
  }

  /**
   * Sends all releases that are due, if the node is reachable: after the commands that the client resends by itself,
   * before any new command.
   */
  deliver(): void {
    if (this.pending.length === 0) return;
    this.prune();
    if (!this.sender.reachable) return;
    const at = this.clock.monotonic();
    const due = this.pending.filter((entry) => entry.due <= at);
    this.retain((entry) => entry.due > at);
    this.retried += due.length;
    for (const entry of due) this.sender.send(new ReleaseCommand(entry.release, entry, this, at));
    this.schedule();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  /** Whether a request that the release undoes was never answered, and may be in flight on another connection. */
  private mayBeOvertaken({ release, connection }: ReleaseCommand): boolean {
    const { unanswered, askedOn } = release;
    return unanswered && (askedOn === null || askedOn !== connection);
  }

  /**
   * Keeps a release that the node has not accepted. After a lost connection the release is sent with the next
   * connection; after a refusal the pauses grow.
   */
  private retryLater(release: Release, before: PendingRelease | null, reply: Reply): void {
    const lost = reply.kind === "failed" && (reply.reason === "connection" || reply.reason === "notReady");
    const refusals = lost ? 0 : (before?.refusals ?? 0) + 1;
    const pause = Math.min(this.interval * 2 ** Math.min(refusals - 1, 20), maxPauseMs);
    const due = this.clock.monotonic() + (lost ? 0 : pause);
    this.add({ ...(before ?? this.newEntry(release)), due, refusals });
  }

  private repeat(release: Release, before: PendingRelease | null): void {
    const { deliveries, ...rest } = before ?? this.newEntry(release);
    const pause = repetitions[deliveries];
    if (pause === undefined) return;
    const due = this.clock.monotonic() + pause;
    this.add({ ...rest, deliveries: deliveries + 1, due, refusals: 0 });
  }

  private newEntry(release: Release): PendingRelease {
    const lifetime = release.unanswered ? release.ttl + maxStrayMs : release.ttl;
    // A pending release must not keep alive what its caller's context refers to.
    const kept = { ...release, caller: null };
    return { release: kept, since: now(this.clock), lifetime, due: 0, refusals: 0, deliveries: 0 };
  }

  private add(entry: PendingRelease): void {
    this.pending.push(entry);
    if (this.pending.length > maxPending) this.pending.shift();
    if (entry.release.reclaimable) this.cancellable++;
    this.schedule();
  }

  private prune(): void {
    if (this.pending.length > 0) this.retain(({ since, lifetime }) => elapsed(this.clock, since) < lifetime);
  }

  private retain(wanted: (entry: PendingRelease) => boolean): void {
    this.pending = this.pending.filter(wanted);
    this.cancellable =
      this.reclaimable.size + this.pending.filter(({ release }) => release.reclaimable).length;
  }

  private schedule(): void {
    if (this.closed || this.timer !== null || this.pending.length === 0) return;
    if (!this.sender.reachable && !this.collectable) return;
    const check = () => {
      this.timer = null;
      this.deliver();
      this.schedule();
    };
    this.timer = this.clock.after(this.interval, check, true);
  }
}
