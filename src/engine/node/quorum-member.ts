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
 * One node's seat in the quorum. It lets a command through only when the node is connected, known to be nobody else's
 * double, and not silent; fails it at once otherwise. What is asked of it in one turn of the event loop travels together.
 */
export class QuorumMember implements QuarantineMember, ReleaseSender {
  readonly name: string;
  /** Most of its votes. */
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
  /** Until when it is known to abstain: null if nobody can tell, undefined if it does not. */
  private abstainsUntil: number | null | undefined;
  private readonly unwatch: () => void;

  constructor(private readonly options: QuorumMemberOptions) {
    const { name, node, clock, random, nodeTimeout, knownServers, connectTimeout, onStuck } = options;
    this.name = name;
    this.granted = Object.freeze({ kind: "granted", node: name });
    this.node = node;
    this.detector = new FailureDetector({
      clock,
      patience: nodeTimeout,
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
      onEnded: (end) => this.onQuestionEnded(end),
      onIdentified: () => {
        this.settled();
        options.onIdentified();
      },
      onRefused: (error) => this.onUnknown(error),
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
      onForgotten: () => this.doubt(),
      measures: options.measures,
      measured: options.measured,
    });
    this.unwatch = options.collectable
      ? watchWeakly(this, node)
      : node.watch((connection, cause) => this.onConnection(connection, cause));
  }

  /** Sends the errand in this turn, or tells now that it failed; waits only for a node that is about to be known. */
  ask(command: PendingCommand): void {
    const refusal = this.refusal(command.command);
    if (refusal !== null) return command.onReply(refusal);
    if (this.server.takes(command.command) && this.node.connection === "ready") return this.send(command);
    this.requests.wait(command);
    this.identify();
  }

  /** Releases, behind everything sent before. What the node does not take now is delivered later. */
  release(release: Release): void {
    this.releases.release(release);
  }

  /** Gives up a place in a queue. A node that is silent is told when it answers, if the place has not lapsed by then. */
  leaveQueue(command: LockCommand): void {
    this.releases.leaveQueue(command, this.detector.open);
  }

  /** Whether a release is under way to it, or still to be sent, over a connection that there is or that is being replaced. */
  get isOwed(): boolean {
    const connected = this.node.connection === "ready" || this.guard.replacing;
    return connected && (this.requests.releasing || this.releases.outstanding);
  }

  /** Whether it can be asked, and its client has refused a release that is still to be sent. */
  get refusedRelease(): boolean {
    return this.reachable && this.releases.outstanding;
  }

  get reachable(): boolean {
    return this.node.connection === "ready" && !this.detector.open;
  }

  /** Whether it takes a release now: one that is silent takes as many as other requests. */
  get accepts(): boolean {
    if (this.node.connection !== "ready") return false;
    return !this.detector.suspects || this.requests.size < 2 * maxInFlight;
  }

  /**
   * Calls back once, when the node is identified, or as soon as it turns out that it cannot be reached for now. Returns how to
   * be called no more.
   */
  whenIdentified(onMet: () => void): () => void {
    if (this.server.identified || this.node.connection === "down") {
      onMet();
      return ignore;
    }
    const remove = this.identifyListeners.add(onMet);
    this.identify();
    return remove;
  }

  /** Another value after each reconnection; null where requests may travel on several connections. */
  get connection(): number | null {
    return this.node.opaque === true ? null : this.connections;
  }

  /** What the node's silence of so many ms means: it may not even be connected. `voting`: it was asked for its vote. */
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
      // Behind whatever the client resent by itself on a new connection, and before anything new.
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
      // It will go on trying, but nobody needs to wait for it.
      this.identifyListeners.notify();
    }
  }

  /** What is known of its server has changed. */
  readonly settled = (): void => {
    if (this.closed) return;
    if (this.server.duplicateOf !== null) {
      this.requests.dismiss(duplicate(this.server.duplicateOf));
    } else if (this.server.votes) {
      this.note(undefined, undefined);
      this.requests.sendWaiting(null);
    } else {
      const { abstention } = this.server;
      if (abstention !== null) this.note(abstention.until, abstention.cause);
      // What needs no memory is asked all the same.
      this.requests.sendWaiting(this.server.refusal);
      if (abstention === null) return;
    }
    this.identifyListeners.notify();
  };

  /** Tells when it begins to abstain, until when, and when it votes again. */
  private note(until: number | null | undefined, cause: string | undefined): void {
    if (until === this.abstainsUntil) return;
    this.abstainsUntil = until;
    this.options.observe(until === undefined ? "remembers" : "forgot", cause, until);
  }

  /** The server has not the memory that was expected of it. */
  private doubt(): void {
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

  /** Connects a node that nobody connected yet, and asks one that is connected who it is. */
  private identify(): void {
    this.guard.want();
    if (this.node.connection === "ready" && this.server.identify()) this.detector.sent(1);
  }

  /** The node has been silent for too long: asks it who it is, and replaces the connection, which may be what is dead. */
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
      // It is connected, and does not say who it is: nobody needs to wait for that any longer.
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

  private onQuestionEnded(end: IdentifyOutcome): void {
    if (end === "answered") this.detector.replied();
    else if (end === "timedOut") this.detector.timedOut();
    else this.detector.lost();
  }

  private onUnknown(error: unknown): void {
    this.requests.dismiss(failed("refused", messageOf(error)));
    this.identifyListeners.notify();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const ignore = () => {};
