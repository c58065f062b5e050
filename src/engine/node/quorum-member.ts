import { type LockCommand, needsMemory } from "../protocol/command.js";
import {
  duplicate,
  failed,
  nameless,
  notConnected,
  notConnectedInTime,
  overloaded,
  unanswered,
  undecided,
  unresponsive,
} from "../protocol/refusal.js";
import type { Answer, Vote } from "../protocol/vote.js";
import { ConnectionGuard } from "./connection-guard.js";
import { FailureDetector, type Liveness } from "./failure-detector.js";
import type { Connection, LockNode } from "./lock-node.js";
import { OnceListeners } from "./once-listeners.js";
import type { PendingCommand } from "./pending-command.js";
import { PendingReleases, type ReleaseSender } from "./pending-releases.js";
import type { QuarantineMember } from "./quarantine.js";
import type { QuorumMemberOptions } from "./quorum-member-options.js";
import type { Release } from "./release-command.js";
import { maxInFlight, RequestQueue } from "./request-queue.js";
import { type IdentifyOutcome, ServerIdentity } from "./server-identity.js";
import { watchWeakly } from "./weak-watch.js";

/**
 * A member of the quorum: one node and its commands. A command is sent only if the node is connected, is no duplicate of
 * another node, and is not silent; otherwise it fails at once. The commands of one tick of the event loop are sent
 * together.
 */
export class QuorumMember implements QuarantineMember, ReleaseSender {
  readonly name: string;
  /** The vote of this member in the most frequent case. */
  readonly granted: Vote;
  readonly node: LockNode;
  readonly server: ServerIdentity;
  readonly detector: FailureDetector;
  private connections = 0;
  private readonly guard: ConnectionGuard;
  private readonly releases: PendingReleases;
  private closed = false;
  private readonly identifyListeners = new OnceListeners();
  private readonly requests: RequestQueue;
  /** End of the abstention, monotonic: null if not known yet, undefined if the node does not abstain. */
  private abstainsUntil: number | null | undefined;
  private readonly unwatch: () => void;

  constructor(private readonly options: QuorumMemberOptions) {
    const { name, node, clock, random, nodeTimeout, knownServers, connectTimeout, onStuck } = options;
    this.name = name;
    this.granted = Object.freeze({ kind: "granted", node: name });
    this.node = node;
    this.detector = new FailureDetector({
      clock,
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
      checksMemory: options.checksMemory,
      decides: options.decides,
      onAsked: () => this.detector.sent(1),
      onEnded: (end) => this.onIdentifyEnded(end),
      onIdentified: () => {
        this.onServerChanged();
        options.onIdentified();
      },
      onRefused: (error) => this.onIdentifyRefused(error),
    });
    this.releases = new PendingReleases(this, clock, nodeTimeout, options.collectable);
    this.requests = new RequestQueue({
      node,
      clock,
      batcher: options.batcher,
      detector: this.detector,
      releases: this.releases,
      mark: () => (options.checksMemory ? this.server.mark : null),
      takes: (command) => this.server.takes(command),
      askAgain: (command) => this.ask(command),
      onForgotten: () => this.onMemoryMissing(),
      observesLatency: options.observesLatency,
      onLatency: options.onLatency,
    });
    this.unwatch = options.collectable
      ? watchWeakly(this, node)
      : node.watch((connection, cause) => this.onConnection(connection, cause));
  }

  /** Sends the command in this tick, answers it at once as failed, or keeps it until the node is identified. */
  ask(command: PendingCommand): void {
    const refusal = this.refusal(command.command);
    if (refusal !== null) return command.onReply(refusal);
    if (this.server.takes(command.command) && this.node.connection === "ready") return this.send(command);
    this.requests.wait(command);
    this.identify();
  }

  /** Sends a release after everything sent before. A release that the node does not accept now is delivered later. */
  release(release: Release): void {
    this.releases.release(release);
  }

  /** Gives up a place in a queue. A silent node gets the command when it answers, unless the place has expired. */
  leaveQueue(command: LockCommand): void {
    this.releases.leaveQueue(command, this.detector.open);
  }

  /** Whether a release is in flight or still to be sent, over a connection that is ready or being replaced. */
  get hasUndeliveredRelease(): boolean {
    const connected = this.node.connection === "ready" || this.guard.replacing;
    return connected && (this.requests.releasing || this.releases.outstanding);
  }

  /** Whether the node is reachable, and a release that was refused is still to be sent. */
  get hasRefusedRelease(): boolean {
    return this.reachable && this.releases.outstanding;
  }

  get reachable(): boolean {
    return this.node.connection === "ready" && !this.detector.open;
  }

  /** Whether a release can be sent now. A silent node gets only as many releases as other requests. */
  get accepts(): boolean {
    if (this.node.connection !== "ready") return false;
    return !this.detector.suspects || this.requests.size < 2 * maxInFlight;
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

  /** A different value after each reconnection; null if requests may use several connections. */
  get connection(): number | null {
    return this.node.opaque === true ? null : this.connections;
  }

  /** The answer for a node that was silent for `waited` ms, connected or not. `voting`: its vote was requested. */
  silentFor(waited: number, voting = true): Answer {
    if (voting && this.server.known && !this.server.votes && this.node.connection === "ready")
      return undecided;
    if (this.node.connection === "ready") return unanswered(waited);
    return notConnectedInTime(this.node, "within", waited);
  }

  async close(): Promise<void> {
    this.requests.flush();
    this.unwatch();
    this.closed = true;
    this.detector.close();
    this.guard.close();
    this.releases.close();
    this.requests.dismiss(failed("notReady", "closed"));
    await this.node.close();
  }

  onConnection(connection: Connection, cause: Error | undefined): void {
    const { observe } = this.options;
    this.guard.changed(connection);
    if (connection === "ready") {
      this.connections++;
      this.detector.reset();
      observe("connected");
      // After the commands that the client resends by itself on a new connection, before any new command.
      this.releases.deliver();
      this.identify();
    } else if (connection === "down") {
      this.connections++;
      this.detector.reset();
      observe("disconnected", cause?.message);
      this.abstainsUntil = undefined;
      this.server.forget();
      this.requests.dismiss(failed("notReady", cause?.message ?? "connection lost"));
      this.identifyListeners.notify();
    } else if (cause !== undefined) {
      // The client keeps trying to connect, but callers need not wait for it.
      this.identifyListeners.notify();
    }
  }

  /** The known state of the server has changed. */
  readonly onServerChanged = (): void => {
    if (this.closed) return;
    if (this.server.duplicateOf !== null) {
      this.requests.dismiss(duplicate(this.server.duplicateOf));
    } else if (this.server.votes) {
      this.reportAbstention(undefined, undefined);
      this.requests.sendWaiting(null);
    } else {
      const { abstention } = this.server;
      if (abstention !== null) this.reportAbstention(abstention.until, abstention.cause);
      // Commands that need no memory are sent nevertheless.
      this.requests.sendWaiting(this.server.refusal);
      if (abstention === null) return;
    }
    this.identifyListeners.notify();
  };

  /** Reports the start of an abstention, a change of its end, and the end. */
  private reportAbstention(until: number | null | undefined, cause: string | undefined): void {
    if (until === this.abstainsUntil) return;
    this.abstainsUntil = until;
    this.options.observe(until === undefined ? "remembers" : "forgot", cause, until);
  }

  /** The server does not have the memory that was expected. */
  private onMemoryMissing(): void {
    if (!this.server.votes || this.closed) return;
    this.server.forget();
    this.identify();
  }

  private refusal(command: LockCommand): Answer | null {
    const { connection } = this.node;
    if (this.server.duplicateOf !== null) return duplicate(this.server.duplicateOf);
    if (this.server.anonymous && this.server.remembers && !this.options.admitsNameless) return nameless;
    if (this.server.abstention !== null && needsMemory(command)) return this.server.refusal;
    if (connection === "down") return notConnected(this.node);
    if (this.guard.overdue) return notConnectedInTime(this.node, "after", this.guard.waited ?? 0);
    if (this.detector.open) return unresponsive;
    return this.requests.full ? overloaded(maxInFlight) : null;
  }

  /** Adds the command to the next batch. */
  send(command: PendingCommand): void {
    this.requests.send(command);
  }

  /** Connects a node that is not connected yet, and identifies a connected one. */
  private identify(): void {
    this.guard.requireConnection();
    if (this.node.connection === "ready" && this.server.identify()) this.detector.sent(1);
  }

  /** The node has been silent for too long: identifies it again, and replaces the connection, which may be dead. */
  private probe(): void {
    if (this.server.identify(true)) this.detector.sent(1);
    this.guard.silent();
  }

  private onLiveness(liveness: Liveness): void {
    this.options.observe(liveness, this.node.trouble || undefined);
    if (liveness === "unresponsive") {
      this.requests.dismiss(unresponsive);
      this.identifyListeners.notify();
    } else if (liveness === "silent") {
      // The node is connected but does not identify itself, so callers need not wait for it.
      if (!this.server.known) this.identifyListeners.notify();
    } else if (liveness === "answered") {
      this.guard.answered();
      this.releases.deliver();
    }
  }

  private onOverdue(waited: number): void {
    const answer = notConnectedInTime(this.node, "within", waited);
    this.options.observe("disconnected", answer.message);
    this.requests.dismiss(answer);
    this.identifyListeners.notify();
  }

  private onIdentifyEnded(end: IdentifyOutcome): void {
    if (end === "answered") this.detector.replied();
    else if (end === "timedOut") this.detector.timedOut();
    else this.detector.lost();
  }

  private onIdentifyRefused(error: unknown): void {
    this.requests.dismiss(failed("refused", messageOf(error)));
    this.identifyListeners.notify();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const ignore = () => {};
