import type { LockCommand } from "../protocol/command.js";
import {
  duplicate,
  failed,
  joining,
  nameless,
  notConnectedInTime,
  overloaded,
  unanswered,
  undecided,
  unresponsive,
} from "../protocol/refusal.js";
import { needsMemory } from "../protocol/traits.js";
import type { Answer, Vote } from "../protocol/vote.js";
import type { FailureDetector } from "./failure-detector.js";
import type { LockNode } from "./lock-node.js";
import { MemberConnection } from "./member-connection.js";
import { PendingReleases, type ReleaseSender } from "./pending-releases.js";
import type { QuarantineMember } from "./quarantine.js";
import type { QuorumMemberOptions } from "./quorum-member-options.js";
import type { Release } from "./release-command.js";
import { maxInFlight, type PendingCommand, RequestQueue } from "./request-queue.js";
import type { ServerIdentity } from "./server-identity.js";

/** The part of the longest answer that is left with each further answer. */
const decay = 0.9;

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
  /** The longest time in ms that the node has taken to answer lately; decays with each answer. Infinity before the first one. */
  longestAnswer = Number.POSITIVE_INFINITY;
  private readonly link: MemberConnection;
  private readonly releases: PendingReleases;
  private readonly requests: RequestQueue;

  constructor(private readonly options: QuorumMemberOptions) {
    const { name, node, clock } = options;
    this.name = name;
    this.granted = Object.freeze({ kind: "granted", node: name });
    this.node = node;
    this.link = new MemberConnection(options, {
      sendWaiting: (otherwise) => this.requests.sendWaiting(otherwise),
      dismiss: (answer) => this.requests.dismiss(answer),
      deliverReleases: () => this.releases.deliver(),
    });
    this.server = this.link.server;
    this.detector = this.link.detector;
    this.releases = new PendingReleases(this, clock, options.nodeTimeout, options.collectable);
    this.requests = new RequestQueue({
      ...options,
      server: this.server,
      detector: this.detector,
      releases: this.releases,
      askAgain: (command) => this.ask(command),
      onForgotten: () => this.link.onMemoryMissing(),
    });
  }

  /** Sends the command in this tick, answers it at once as failed, or keeps it until the node is identified. */
  ask(command: PendingCommand): void {
    const ready = this.node.connection === "ready";
    const refusal = this.refusal(command.command, ready);
    if (refusal !== null) return command.onReply(refusal);
    if (ready && this.requests.takes(command.command)) return this.requests.send(command);
    this.requests.wait(command);
    this.link.identify();
  }

  /** Sends a release after everything sent before. A release that the node does not accept now is delivered later. */
  release(release: Release): void {
    this.releases.release(release);
  }

  /** Gives up a place in a queue. A silent node gets the command when it answers, unless the place has expired. */
  leaveQueue(command: LockCommand): void {
    this.releases.leaveQueue(command, this.detector.open);
  }

  /** The node has answered after `took` ms. */
  noteAnswer(took: number): void {
    const { longestAnswer } = this;
    const decayed = longestAnswer === Number.POSITIVE_INFINITY ? 0 : longestAnswer * decay;
    this.longestAnswer = Math.max(took, decayed);
  }

  /** Whether a release is in flight or still to be sent, over a connection that is ready or being replaced. */
  get hasUndeliveredRelease(): boolean {
    const connected = this.node.connection === "ready" || this.link.replacing;
    return connected && (this.requests.releasing || this.releases.outstanding);
  }

  /** Whether the node is reachable, and a release that was refused is still to be sent. */
  get hasRefusedRelease(): boolean {
    return this.reachable && this.releases.outstanding;
  }

  get reachable(): boolean {
    return this.node.connection === "ready" && !this.detector.open;
  }

  /** Whether the node is sent commands that need its memory. */
  get votes(): boolean {
    return this.reachable && this.server.votes && this.server.duplicateOf === null;
  }

  /** Whether a release can be sent now. A silent node gets only as many releases as other requests. */
  get accepts(): boolean {
    if (this.node.connection !== "ready") return false;
    return !this.detector.suspects || this.requests.size < 2 * maxInFlight;
  }

  /** A different value after each reconnection; null if requests may use several connections. */
  get connection(): number | null {
    return this.link.number;
  }

  /**
   * Calls back once: when the node is identified, or cannot be reached for now. Returns a function that cancels the call.
   */
  whenIdentified(callback: () => void): () => void {
    return this.link.whenIdentified(callback);
  }

  /** The known state of the server has changed. */
  onServerChanged(): void {
    this.link.onServerChanged();
  }

  /** Adds the command to the next batch. */
  send(command: PendingCommand): void {
    this.requests.send(command);
  }

  /** The answer for a node that was silent for `waited` ms, connected or not. `voting`: its vote was requested. */
  silentFor(waited: number, voting = true): Answer {
    if (this.node.connection !== "ready") return notConnectedInTime(this.node, "within", waited);
    const { server } = this;
    if (this.link.unidentified !== null) return this.link.unidentified;
    if (!voting || !server.known || server.votes) return unanswered(waited);
    return server.wasAlone ? joining : undecided;
  }

  async close(): Promise<void> {
    this.requests.flush();
    this.link.close();
    this.releases.close();
    this.requests.dismiss(failed("notReady", "closed"));
    await this.node.close();
  }

  /** Why the command is not to be sent; null if it may be. `ready`: whether the node is connected. */
  private refusal(command: LockCommand, ready: boolean): Answer | null {
    const { server, requests } = this;
    if (server.duplicateOf !== null) return duplicate(server.duplicateOf);
    if (!this.options.admitsNameless && server.anonymous && server.remembers) return nameless;
    if (server.abstention !== null && needsMemory(command)) return server.refusal;
    const unconnected = ready ? null : this.link.refusal();
    if (unconnected !== null) {
      // The node is still connected in the background, because the cause may have been mended since.
      if (unconnected.lasting === true) this.link.identify();
      return unconnected;
    }
    if (this.detector.open) return unresponsive;
    return requests.full ? overloaded(maxInFlight) : null;
  }
}
