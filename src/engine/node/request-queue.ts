import { claims, type LockCommand } from "../protocol/command.js";
import { failed, givenUp, notConnected } from "../protocol/refusal.js";
import type { Answer, FailureReason } from "../protocol/vote.js";
import type { Clock } from "../time/clock.js";
import type { Flushable, TickBatcher } from "../time/tick-batcher.js";
import type { FailureDetector } from "./failure-detector.js";
import type { LockNode, Reply } from "./lock-node.js";
import type { PendingCommand, ReplyListener } from "./pending-command.js";
import type { PendingReleases } from "./pending-releases.js";
import { ReleaseCommand } from "./release-command.js";

/**
 * Maximum number of unanswered requests per node. Beyond this limit votes fail without being sent. A silent node is
 * sent this many releases, and the others are kept for later, so that a hung node does not use unbounded memory.
 */
export const maxInFlight = 10_000;

export interface RequestQueueOptions {
  readonly node: LockNode;
  readonly clock: Clock;
  readonly batcher: TickBatcher;
  readonly detector: FailureDetector;
  readonly releases: PendingReleases;
  /** The mark that the node's memory must have for the node to grant anything; null if the memory is not checked. */
  readonly mark: () => string | null;
  /** Whether the node can be sent this command now. */
  readonly takes: (command: LockCommand) => boolean;
  /** Receives a command that the node no longer accepts when the batch is sent. */
  readonly askAgain: (command: PendingCommand) => void;
  /** Called when the server does not have the memory that the batch named. */
  readonly onForgotten: () => void;
  /** Whether response times are observed. */
  readonly observesLatency: () => boolean;
  /** Called with the ms from a request to its answer. */
  readonly onLatency: (ms: number) => void;
}

/** The requests of one node. The commands of one tick of the event loop are sent as one batch. */
export class RequestQueue implements ReplyListener, Flushable {
  private inFlight = 0;
  /** The number of releases in flight or in the next batch. */
  private releases = 0;
  /** The next batch. */
  private outgoing: PendingCommand[] = [];
  /** Requests that wait until the node is connected and identified. */
  private waiting: PendingCommand[] = [];

  constructor(private readonly options: RequestQueueOptions) {}

  /** The number of requests that are waiting, in the next batch or in flight. */
  get size(): number {
    return this.inFlight + this.outgoing.length + this.waiting.length;
  }

  /** Whether a release is in flight, or in the next batch. */
  get releasing(): boolean {
    return this.releases > 0;
  }

  /**
   * Whether no further request is accepted. Releases do not count: a healthy node may get thousands of them in one
   * tick.
   */
  get full(): boolean {
    if (this.size - this.releases < maxInFlight) return false;
    this.waiting = this.waiting.filter((command) => command.wanted());
    return this.size - this.releases >= maxInFlight;
  }

  /** Adds the command to the next batch. */
  send(command: PendingCommand): void {
    if (command instanceof ReleaseCommand) this.releases++;
    if (this.outgoing.push(command) === 1) this.options.batcher.add(this);
  }

  /** Keeps the command until `sendWaiting` or `dismiss`. */
  wait(command: PendingCommand): void {
    this.waiting.push(command);
  }

  /** Sends the waiting commands that the node accepts now. `otherwise` answers the rest; null keeps them waiting. */
  sendWaiting(otherwise: Answer | null): void {
    for (const command of this.waiting.splice(0)) {
      if (this.options.takes(command.command)) this.send(command);
      else if (otherwise === null) this.waiting.push(command);
      else command.onReply(otherwise);
    }
  }

  /** Answers all waiting commands. */
  dismiss(answer: Answer): void {
    for (const command of this.waiting.splice(0)) command.onReply(answer);
  }

  /** Passes the batch of this tick to the client. */
  flush(): void {
    const { node, takes, askAgain } = this.options;
    const { outgoing } = this;
    this.outgoing = [];
    const requests: PendingCommand[] = [];
    for (const command of outgoing) {
      if (!command.wanted()) command.onReply(givenUp);
      else if (node.connection !== "ready") this.fail(command);
      else if (!takes(command.command) && !(command instanceof ReleaseCommand)) askAgain(command);
      else requests.push(command);
    }
    if (requests.length > 0) this.execute(requests);
  }

  /** A request is no longer in flight. */
  replied(reply: Reply, command: PendingCommand): void {
    const { detector, clock, onLatency, onForgotten } = this.options;
    const { sentAt } = command;
    this.inFlight--;
    if (command instanceof ReleaseCommand) this.releases--;
    if (reply.kind === "failed" && !isSaidByServer(reply.reason)) {
      if (reply.reason === "timeout") detector.timedOut();
      else detector.lost();
      return;
    }
    detector.replied();
    if (sentAt !== null) onLatency(clock.monotonic() - sentAt);
    if (reply.kind === "failed" && reply.reason === "quarantined") onForgotten();
  }

  private execute(requests: PendingCommand[]): void {
    const { node, clock, detector, releases, mark, observesLatency } = this.options;
    for (const request of requests) {
      const { command } = request;
      // The order matters: a claim cancels the releases before it, but none after it.
      if (claims(command) || command.op === "renew") releases.cancel(command.token);
      if (request instanceof ReleaseCommand) releases.sent(request);
      request.markSent(this);
    }
    // The response time of the first request counts for the whole batch.
    if (observesLatency() && requests[0] !== undefined) requests[0].sentAt = clock.monotonic();
    this.inFlight += requests.length;
    detector.sent(requests.length);
    try {
      node.execute({ mark: mark(), requests });
    } catch (error) {
      // A node must not throw. A custom node may throw nevertheless, and must not keep the other nodes from being
      // asked.
      const message = error instanceof Error ? error.message : String(error);
      for (const request of requests) request.answered(failed("connection", message));
    }
  }

  private fail(command: PendingCommand): void {
    if (command instanceof ReleaseCommand) this.releases--;
    command.onReply(notConnected(this.options.node));
  }
}

/** Whether the failure is the server's reply, rather than the client's report about an unanswered request. */
const isSaidByServer = (reason: FailureReason): boolean =>
  reason === "refused" || reason === "garbage" || reason === "quarantined";
