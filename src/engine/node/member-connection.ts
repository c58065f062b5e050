import { messageOf } from "../protocol/error-message.js";
import {
  duplicate,
  type Failed,
  failed,
  LastingError,
  notConnected,
  notConnectedInTime,
  unresponsive,
} from "../protocol/refusal.js";
import type { Answer } from "../protocol/vote.js";
import { ConnectionGuard } from "./connection-guard.js";
import { FailureDetector, type Liveness } from "./failure-detector.js";
import type { Connection, LockNode } from "./lock-node.js";
import { OnceListeners } from "./once-listeners.js";
import type { QuorumMemberOptions } from "./quorum-member-options.js";
import { type IdentifyOutcome, ServerIdentity } from "./server-identity.js";
import { watchWeakly } from "./weak-watch.js";

/** The work of a member that depends on its connection. */
interface ConnectedWork {
  /** Sends the waiting commands that the node accepts now. `otherwise` answers the rest; null keeps them waiting. */
  sendWaiting(otherwise: Answer | null): void;
  /** Answers all waiting commands. */
  dismiss(answer: Answer): void;
  /** Sends the pending releases. */
  deliverReleases(): void;
}

/**
 * Connects the node of one quorum member, identifies its server on each connection, and follows the health of both. The
 * member's work is told what has changed.
 */
export class MemberConnection {
  readonly server: ServerIdentity;
  readonly detector: FailureDetector;
  /** Identifies the connection: a different value after each reconnection; null if requests may use several connections. */
  number: number | null;
  private readonly node: LockNode;
  private readonly guard: ConnectionGuard;
  private readonly identifyListeners = new OnceListeners();
  private closed = false;
  /** Why the server could not be identified, if that cause does not end by itself. */
  private lastingRefusal: Failed | null = null;
  /** Whether the node was reported as down because its server refuses for a cause that does not end by itself. */
  private unusable = false;
  /** Whether commands may have been refused, and not sent, since the node last voted. */
  private absent = false;
  /** End of the abstention, monotonic: null if not known yet, undefined if the node does not abstain. */
  private abstainsUntil: number | null | undefined;
  private readonly unwatch: () => void;

  constructor(
    private readonly options: QuorumMemberOptions,
    private readonly work: ConnectedWork,
  ) {
    const { name, node, clock, random, nodeTimeout, knownServers, connectTimeout, onStuck } = options;
    this.node = node;
    this.number = node.opaque === true ? null : 0;
    this.detector = new FailureDetector({
      clock,
      batcher: options.batcher,
      timeout: nodeTimeout,
      observe: (liveness) => this.onLiveness(liveness),
      probe: () => this.probe(),
    });
    this.guard = new ConnectionGuard({
      node,
      clock,
      connectTimeout,
      onOverdue: (waited) => this.onOverdue(waited),
      onStuck,
    });
    this.server = new ServerIdentity({
      name,
      node,
      clock,
      random,
      knownServers,
      single: options.single,
      checksMemory: options.checksMemory,
      decides: options.decides,
      onAsked: () => this.detector.sent(1),
      onEnded: (end) => this.onIdentifyEnded(end),
      onIdentified: () => {
        this.endRefusal();
        this.onServerChanged();
        options.onIdentified();
      },
      onRefused: (error) => this.onIdentifyRefused(error),
    });
    this.unwatch = options.collectable
      ? watchWeakly(this, node)
      : node.watch((connection, cause) => this.onConnection(connection, cause));
  }

  /** Whether a new connection is being opened in place of a silent one. */
  get replacing(): boolean {
    return this.guard.replacing;
  }

  /** Why a node that is not connected cannot be asked for now; null if the connection may still become ready in time. */
  refusal(): Failed | null {
    if (this.node.connection === "down") return notConnected(this.node);
    if (this.node.troubleLasts === true) return notConnected(this.node);
    return this.guard.overdue ? notConnectedInTime(this.node, "after", this.guard.waited ?? 0) : null;
  }

  /** Why a connected node is not identified; null if it has not answered yet, or is identified. */
  get unidentified(): Failed | null {
    return this.server.known ? null : this.lastingRefusal;
  }

  /** Connects a node that is not connected yet, and identifies a connected one. */
  identify(): void {
    this.guard.requireConnection();
    if (this.node.connection === "ready" && this.server.identify()) this.detector.sent(1);
  }

  /**
   * Calls back once: when the node is identified, or cannot be reached for now. Returns a function that cancels the call.
   */
  whenIdentified(callback: () => void): () => void {
    if (this.server.identified || this.node.connection === "down") {
      callback();
      return ignore;
    }
    const remove = this.identifyListeners.add(callback);
    this.identify();
    return remove;
  }

  onConnection(connection: Connection, cause: Error | undefined): void {
    const { observe } = this.options;
    this.guard.changed(connection);
    if (connection === "ready") {
      if (this.number !== null) this.number++;
      this.detector.reset();
      observe("connected");
      // After the commands that the client resends by itself on a new connection, before any new command.
      this.work.deliverReleases();
      this.identify();
    } else if (connection === "down") {
      if (this.number !== null) this.number++;
      this.detector.reset();
      observe("disconnected", cause?.message);
      this.abstainsUntil = undefined;
      this.absent = true;
      this.unusable = false;
      this.lastingRefusal = null;
      this.server.forget();
      this.work.dismiss(failed("notReady", cause?.message ?? "connection lost", this.node.troubleLasts));
      this.identifyListeners.notify();
    } else if (cause !== undefined) {
      // The client keeps trying to connect, but callers need not wait for it.
      observe("disconnected", cause.message);
      this.absent = true;
      if (this.node.troubleLasts === true) this.work.dismiss(notConnected(this.node));
      this.identifyListeners.notify();
    }
  }

  /** The known state of the server has changed. */
  onServerChanged(): void {
    if (this.closed) return;
    const { server, work } = this;
    if (server.duplicateOf !== null) {
      this.absent = true;
      work.dismiss(duplicate(server.duplicateOf));
    } else if (server.votes) {
      this.reportAbstention(undefined, undefined);
      work.sendWaiting(null);
      this.reportReturn();
    } else {
      const { abstention } = server;
      if (abstention !== null) this.reportAbstention(abstention.until, abstention.cause);
      // Commands that need no memory are sent nevertheless.
      work.sendWaiting(server.refusal);
      if (abstention === null) return;
      this.absent = true;
    }
    this.identifyListeners.notify();
  }

  /** The server does not have the memory that was expected. */
  onMemoryMissing(): void {
    if (!this.server.votes || this.closed) return;
    this.absent = true;
    this.server.forget();
    this.identify();
  }

  close(): void {
    this.unwatch();
    this.closed = true;
    this.detector.close();
    this.guard.close();
  }

  /** The server refuses for a cause that does not end by itself: the node counts as down until it can be identified. */
  private reportUnusable(cause: string): void {
    this.unusable = true;
    this.absent = true;
    this.abstainsUntil = undefined;
    this.options.observe("disconnected", cause);
  }

  private endRefusal(): void {
    this.lastingRefusal = null;
    if (this.unusable) this.options.observe("connected");
    this.unusable = false;
  }

  /** Reports the start of an abstention, a change of its end, and the end. */
  private reportAbstention(until: number | null | undefined, cause: string | undefined): void {
    if (until === this.abstainsUntil) return;
    this.abstainsUntil = until;
    this.options.observe(until === undefined ? "remembers" : "forgot", cause, until);
  }

  /** Reports that the node votes again, once for each absence. */
  private reportReturn(): void {
    const { server, node, detector } = this;
    const votes = server.votes && server.duplicateOf === null && node.connection === "ready";
    if (!this.absent || !votes || detector.open) return;
    this.absent = false;
    this.options.onVotesAgain();
  }

  /** The node has been silent for too long: identifies it again, and replaces the connection, which may be dead. */
  private probe(): void {
    if (this.server.identify(true)) this.detector.sent(1);
    this.guard.silent();
  }

  private onLiveness(liveness: Liveness): void {
    this.options.observe(liveness, this.node.trouble || undefined);
    if (liveness === "unresponsive") {
      this.absent = true;
      this.work.dismiss(unresponsive);
      this.identifyListeners.notify();
    } else if (liveness === "silent") {
      // The node is connected but does not identify itself, so callers need not wait for it.
      if (!this.server.known) this.identifyListeners.notify();
    } else if (liveness === "answered") {
      this.guard.answered();
      this.work.deliverReleases();
      this.reportReturn();
    }
  }

  private onOverdue(waited: number): void {
    const answer = notConnectedInTime(this.node, "within", waited);
    this.absent = true;
    this.options.observe("disconnected", answer.message);
    this.work.dismiss(answer);
    this.identifyListeners.notify();
  }

  private onIdentifyEnded(end: IdentifyOutcome): void {
    if (end === "answered") this.detector.replied();
    else if (end === "timedOut") this.detector.timedOut();
    else this.detector.lost();
  }

  private onIdentifyRefused(error: unknown): void {
    const lasting = error instanceof LastingError;
    const answer = failed(lasting ? error.reason : "refused", messageOf(error), lasting);
    this.lastingRefusal = lasting ? answer : null;
    if (lasting) this.reportUnusable(answer.message);
    this.work.dismiss(answer);
    this.identifyListeners.notify();
  }
}

const ignore = () => {};
