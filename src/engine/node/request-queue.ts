import { type AsyncContext, sharedContext, soleCaller } from "../../support/async-context.js";
import type { LockCommand } from "../protocol/command.js";
import { failed, givenUp, notConnected } from "../protocol/refusal.js";
import { claims, needsMemory } from "../protocol/traits.js";
import type { Answer, FailureReason } from "../protocol/vote.js";
import type { Clock } from "../time/clock.js";
import type { Flushable, TickBatcher } from "../time/tick-batcher.js";
import type { FailureDetector } from "./failure-detector.js";
import type { LockNode, Reply, Request } from "./lock-node.js";
import type { CallObserver } from "./quorum-member-options.js";
import type { ServerIdentity } from "./server-identity.js";

/**
 * Maximum number of unanswered requests per node. Beyond this limit votes fail without being sent. A silent node is
 * sent this many releases, and the others are kept for later, so that a hung node does not use unbounded memory.
 */
export const maxInFlight = 10_000;

/** A command for one node, and the handler of its reply. */
export abstract class PendingCommand implements Request {
  abstract readonly command: LockCommand;
  abstract readonly caller: AsyncContext | null;
  /** The asynchronous contexts of all callers. */
  get callers(): readonly AsyncContext[] {
    return this.caller === null ? [] : [this.caller];
  }

  /** Whether the command is a release, which is not refused like other commands. */
  readonly isRelease: boolean = false;
  /** The monotonic time in ms at which the command was sent, if its response time is measured. */
  sentAt: number | null = null;
  /** The queue that sent the command, while there is no reply. */
  private queue: RequestQueue | null = null;
  private onReplied: (() => void) | null = null;

  /** False once the command was given up: the command must then not be sent (again). */
  abstract wanted(): boolean;

  /** Called once, with the reply or the reason why there is none. Must not throw. */
  abstract onReply(reply: Reply): void;

  /** The command is passed to the client: from now on the node may have executed it. */
  markSent(queue: RequestQueue): void {
    this.queue = queue;
  }

  /** Calls back when the command, which was sent, is no longer in flight. */
  whenReplied(callback: () => void): void {
    if (this.queue === null) callback();
    else this.onReplied = callback;
  }

  answered(reply: Reply): void {
    const { queue } = this;
    // Nodes answer once; a custom node may answer again.
    if (queue === null) return;
    this.queue = null;
    this.onReplied?.();
    queue.replied(reply, this);
    this.onReply(reply);
  }
}

/** The releases of one node whose tokens may be claimed again. */
interface CancellableReleases {
  readonly cancellable: number;
  /** The token is being claimed again: no release of the token may be repeated. */
  cancel(token: string): void;
}

export interface RequestQueueOptions {
  readonly node: LockNode;
  /** The index of the node in the quorum. */
  readonly index: number;
  readonly clock: Clock;
  readonly batcher: TickBatcher;
  readonly detector: FailureDetector;
  readonly server: ServerIdentity;
  readonly releases: CancellableReleases;
  /** Whether the node votes only as long as it remembers what it granted. */
  readonly checksMemory: boolean;
  readonly callObserver: CallObserver | null;
  /** Receives a command that the node no longer accepts when the batch is sent. */
  readonly askAgain: (command: PendingCommand) => void;
  /** Called when the server does not have the memory that the batch named. */
  readonly onForgotten: () => void;
}

interface PendingBatch {
  readonly mark: string | null;
  readonly requests: readonly PendingCommand[];
}

/** The requests of one node. The commands of one tick of the event loop are sent as one batch. */
export class RequestQueue implements Flushable {
  private inFlight = 0;
  /** The number of releases in flight or in the next batch. */
  private releases = 0;
  /** The next batch. */
  private outgoing: PendingCommand[] = [];
  /** Requests that wait until the node is connected and identified. */
  private waiting: PendingCommand[] = [];

  constructor(private readonly options: RequestQueueOptions) {}

  /** Whether the node can be sent this command, given what is known of its server. */
  takes(command: LockCommand): boolean {
    const { server } = this.options;
    return needsMemory(command) ? server.votes : server.known;
  }

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
    if (command.isRelease) this.releases++;
    if (this.outgoing.push(command) === 1) this.options.batcher.add(this);
  }

  /** Keeps the command until `sendWaiting` or `dismiss`. */
  wait(command: PendingCommand): void {
    this.waiting.push(command);
  }

  /** Sends the waiting commands that the node accepts now. `otherwise` answers the rest; null keeps them waiting. */
  sendWaiting(otherwise: Answer | null): void {
    for (const command of this.waiting.splice(0)) {
      if (this.takes(command.command)) this.send(command);
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
    const { node, askAgain } = this.options;
    const { outgoing } = this;
    this.outgoing = [];
    const requests: PendingCommand[] = [];
    for (const command of outgoing) {
      if (!command.wanted()) command.onReply(givenUp);
      else if (node.connection !== "ready") this.fail(command);
      else if (!command.isRelease && !this.takes(command.command)) askAgain(command);
      else requests.push(command);
    }
    if (requests.length > 0) this.execute(requests);
  }

  /** A request is no longer in flight. */
  replied(reply: Reply, command: PendingCommand): void {
    const { detector, clock, index, callObserver, onForgotten } = this.options;
    const { sentAt } = command;
    this.inFlight--;
    if (command.isRelease) this.releases--;
    if (reply.kind === "failed" && !isSaidByServer(reply.reason)) {
      if (reply.reason === "timeout") detector.timedOut();
      else detector.lost();
      return;
    }
    detector.replied();
    if (sentAt !== null) callObserver?.nodeAnswered(index, clock.monotonic() - sentAt);
    if (reply.kind === "failed" && reply.reason === "quarantined") onForgotten();
  }

  private execute(requests: readonly PendingCommand[]): void {
    const { node, clock, detector, server, releases, checksMemory, callObserver } = this.options;
    for (const request of requests) {
      const { command } = request;
      // The order matters: a claim cancels the releases before it, but none after it.
      if (releases.cancellable > 0 && (claims(command) || command.op === "renew"))
        releases.cancel(command.token);
      request.markSent(this);
    }
    // The response time of the first request counts for the whole batch.
    if (callObserver?.any === true && requests[0] !== undefined) requests[0].sentAt = clock.monotonic();
    this.inFlight += requests.length;
    detector.sent(requests.length);
    try {
      const batch = { mark: checksMemory ? server.mark : null, requests };
      const caller = soleCaller(requests);
      if (caller !== null) caller.runInAsyncScope(node.execute, node, batch);
      else if (callObserver?.any === true) this.executeObserved(callObserver, batch);
      else sharedContext.runInAsyncScope(node.execute, node, batch);
    } catch (error) {
      // A node must not throw. A custom node may throw nevertheless, and must not keep the other nodes from being
      // asked.
      const message = error instanceof Error ? error.message : String(error);
      for (const request of requests) request.answered(failed("connection", message));
    }
  }

  /** Executes a batch of several callers. */
  private executeObserved(observer: CallObserver, { mark, requests }: PendingBatch): void {
    const { node, index } = this.options;
    const callers = requests.flatMap((request) => request.callers);
    sharedContext.runInAsyncScope(() => {
      const end = observer.nodeCalled(index, callers, () => node.execute({ mark, requests }));
      if (end !== null) requests[0]?.whenReplied(end);
    });
  }

  private fail(command: PendingCommand): void {
    if (command.isRelease) this.releases--;
    command.onReply(notConnected(this.options.node));
  }
}

/** Whether the failure is the server's reply, rather than the client's report about an unanswered request. */
const isSaidByServer = (reason: FailureReason): boolean =>
  reason === "refused" || reason === "garbage" || reason === "quarantined";
