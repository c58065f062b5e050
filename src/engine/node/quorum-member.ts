import { claims, type LockCommand, needsMemory, placeTtl } from "../protocol/command.js";
import {
  duplicate,
  failed,
  givenUp,
  nameless,
  notConnected,
  notConnectedInTime,
  overloaded,
  quarantined,
  unanswered,
  undecided,
  unresponsive,
} from "../protocol/refusal.js";
import type { Answer, FailureReason, Vote } from "../protocol/vote.js";
import type { Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";
import type { TickBatcher } from "../time/tick-batcher.js";
import { ConnectionGuard, type ConnectionGuardOptions } from "./connection-guard.js";
import { FailureDetector, type Liveness } from "./failure-detector.js";
import type { Connection, LockNode, Reply } from "./lock-node.js";
import type { PendingCommand } from "./pending-command.js";
import { PendingReleases, type ReleaseSender } from "./pending-releases.js";
import type { QuarantineMember } from "./quarantine.js";
import { type Release, ReleaseCommand } from "./release-command.js";
import { type IdentifyOutcome, type KnownServers, ServerIdentity } from "./server-identity.js";
import { watchWeakly } from "./weak-watch.js";

/** What a seat notices about its node's health. */
export type Observation = Liveness | "connected" | "disconnected" | "forgot" | "remembers";

/**
 * Unanswered requests per node. Beyond that votes fail unsent, and so many releases of a node that is silent are sent and
 * the others kept for later, so that a hung node costs no memory.
 */
const mostInFlight = 10_000;

export interface QuorumMemberOptions {
  /** Tells it apart from the others in votes and errors. */
  readonly name: string;
  readonly node: LockNode;
  readonly clock: Clock;
  readonly batcher: TickBatcher;
  readonly random: Random;
  /** ms that a node may take to answer. */
  readonly nodeTimeout: number;
  /** ms that a node may take to connect. */
  readonly connectTimeout: number;
  readonly knownServers: KnownServers;
  /** Whether it votes only as long as it remembers what it granted. */
  readonly checksMemory: boolean;
  /** Whether it votes also where its server hides who it is. */
  readonly admitsNameless: boolean;
  /** Whether it may be collected while its node lives on, if nobody refers to it and it has nothing left to do. */
  readonly collectable: boolean;
  /** `until`: the monotonic time at which a node that forgot will vote again, null if nobody can tell yet. */
  readonly observe: (observation: Observation, cause?: string, until?: number | null) => void;
  /** Whether anybody wants to know how long the node takes to answer. */
  readonly measures: () => boolean;
  /** ms from a request to its answer. */
  readonly measured: (ms: number) => void;
  /** Whether anything is to be acquired here. */
  readonly decides: () => boolean;
  /** It is known who the node's server is, and what it remembers. */
  readonly onIntroduced: () => void;
  /** Its connection is silent, and could not be replaced. Told once until it answers. */
  readonly onStuck: ConnectionGuardOptions["onStuck"];
}

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
  private readonly clock: Clock;
  private readonly guard: ConnectionGuard;
  private readonly releases: PendingReleases;
  private closed = false;
  private readonly identifyListeners = new Set<() => void>();
  private inFlight = 0;
  /** How many of the requests in flight, or for the end of this turn, are releases. */
  private releasing = 0;
  /** Until when it is known to abstain: null if nobody can tell, undefined if it does not. */
  private abstainsUntil: number | null | undefined;
  /** For the end of this turn. */
  private outgoing: PendingCommand[] = [];
  /** For when the node is connected and known. */
  private waiting: PendingCommand[] = [];
  private readonly unwatch: () => void;

  constructor(private readonly options: QuorumMemberOptions) {
    const { name, node, clock, random, nodeTimeout, knownServers, connectTimeout, onStuck } = options;
    this.name = name;
    this.granted = Object.freeze({ kind: "granted", node: name });
    this.node = node;
    this.clock = clock;
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
    this.server = new ServerIdentity(
      name,
      node,
      clock,
      random,
      knownServers,
      options.decides,
      () => this.detector.sent(1),
      (end) => this.onQuestionEnded(end),
      () => this.onIntroduced(),
      (error) => this.onUnknown(error),
    );
    this.releases = new PendingReleases(this, clock, nodeTimeout, options.collectable);
    this.unwatch = options.collectable
      ? watchWeakly(this, node)
      : node.watch((connection, cause) => this.onConnection(connection, cause));
  }

  /** The name of the node that is the same server as this one: this one's vote then fails. */
  get duplicateOf(): string | null {
    return this.server.duplicateOf;
  }

  /** Whether it is known which server this is. */
  get identityKnown(): boolean {
    return this.server.known;
  }

  /** Sends the errand in this turn, or tells now that it failed; waits only for a node that is about to be known. */
  ask(command: PendingCommand): void {
    const refusal = this.refusal(command.command);
    if (refusal !== null) return command.onReply(refusal);
    if (this.takes(command.command) && this.node.connection === "ready") return this.send(command);
    this.waiting.push(command);
    this.identify();
  }

  /** Releases, behind everything sent before. What the node does not take now is delivered later. */
  release(release: Release): void {
    this.releases.release(release);
  }

  /** Gives up a place in a queue. A node that is silent is told when it answers, if the place has not lapsed by then. */
  leaveQueue(command: LockCommand): void {
    const release = {
      command,
      ttl: placeTtl,
      recurring: false,
      unanswered: false,
      askedOn: null,
      answered: null,
    };
    if (this.detector.open) this.releases.postpone(release);
    else this.releases.release(release);
  }

  /** Whether a release is under way to it, or still to be sent, over a connection that there is or that is being replaced. */
  get isOwed(): boolean {
    const connected = this.node.connection === "ready" || this.guard.replacing;
    return connected && (this.releasing > 0 || this.releases.outstanding);
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
    return !this.detector.suspects || this.pending < 2 * mostInFlight;
  }

  /**
   * Calls back once, when the node is identified, or as soon as it turns out that it cannot be reached for now. Returns how to
   * be called no more.
   */
  whenIdentified(onMet: () => void): () => void {
    if (this.identified || this.node.connection === "down") {
      onMet();
      return ignore;
    }
    const told = () => onMet();
    this.identifyListeners.add(told);
    this.identify();
    return () => this.identifyListeners.delete(told);
  }

  /** Whether it is known which server this is, and whether that votes. */
  get identified(): boolean {
    return this.votes || this.duplicateOf !== null || this.server.abstention !== null;
  }

  /** Another value after each reconnection; null where requests may travel on several connections. */
  get connection(): number | null {
    return this.node.opaque === true ? null : this.connections;
  }

  /** What the node's silence of so many ms means: it may not even be connected. `voting`: it was asked for its vote. */
  silentFor(waited: number, voting = true): Answer {
    if (voting && this.identityKnown && !this.votes && this.node.connection === "ready") return undecided;
    if (this.node.connection === "ready") return unanswered(waited);
    return notConnectedInTime(this.node, "within", waited);
  }

  /** Hands what this turn has asked for to the client, as one batch. */
  flush(): void {
    const { outgoing } = this;
    this.outgoing = [];
    const requests: PendingCommand[] = [];
    for (const command of outgoing) {
      if (!command.wanted()) command.onReply(givenUp);
      else if (this.node.connection !== "ready") this.fail(command);
      else if (!this.takes(command.command) && !(command instanceof ReleaseCommand)) this.ask(command);
      else requests.push(command);
    }
    if (requests.length === 0) return;
    for (const request of requests) {
      const { command } = request;
      // In their order: a claim cancels the releases before it, and none behind it.
      if (claims(command) || command.op === "renew") this.releases.cancel(command.token);
      if (request instanceof ReleaseCommand) this.releases.sent(request);
      request.markSent(this);
    }
    // One of those that travel together is measured for all.
    if (this.options.measures() && requests[0] !== undefined) requests[0].sentAt = this.clock.monotonic();
    this.inFlight += requests.length;
    this.detector.sent(requests.length);
    try {
      this.node.execute({ mark: this.options.checksMemory ? this.server.mark : null, requests });
    } catch (error) {
      // Nodes do not throw; one that somebody else wrote may, and must not keep others from being asked.
      for (const request of requests) request.answered(failed("connection", messageOf(error)));
    }
  }

  private fail(command: PendingCommand): void {
    if (command instanceof ReleaseCommand) this.releasing--;
    command.onReply(notConnected(this.node));
  }

  /** A request is under way no longer. */
  replied(reply: Reply, command: PendingCommand): void {
    const { sentAt } = command;
    this.inFlight--;
    if (command instanceof ReleaseCommand) this.releasing--;
    if (reply.kind === "failed" && !isSaidByServer(reply.reason)) {
      if (reply.reason === "timeout") this.detector.timedOut();
      else this.detector.lost();
      return;
    }
    this.detector.replied();
    if (sentAt !== null) this.options.measured(this.clock.monotonic() - sentAt);
    if (reply.kind === "failed" && reply.reason === "quarantined") this.doubt();
  }

  async close(): Promise<void> {
    this.flush();
    this.unwatch();
    this.closed = true;
    this.detector.close();
    this.guard.close();
    this.releases.close();
    this.dismiss(failed("notReady", "closed"));
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
      this.dismiss(failed("notReady", cause?.message ?? "connection lost"));
      this.notifyIdentified();
    } else if (cause !== undefined) {
      // It will go on trying, but nobody needs to wait for it.
      this.notifyIdentified();
    }
  }

  /** What is known of its server has changed. */
  readonly settled = (): void => {
    if (this.closed) return;
    if (this.duplicateOf !== null) {
      this.dismiss(duplicate(this.duplicateOf));
    } else if (this.votes) {
      this.note(undefined, undefined);
      for (const command of this.waiting.splice(0)) this.send(command);
    } else {
      const { abstention } = this.server;
      if (abstention !== null) this.note(abstention.until, abstention.cause);
      // What needs no memory is asked all the same.
      for (const command of this.waiting.splice(0)) {
        if (this.takes(command.command)) this.send(command);
        else if (abstention === null) this.waiting.push(command);
        else command.onReply(this.quarantined(abstention));
      }
      if (abstention === null) return;
    }
    this.notifyIdentified();
  };

  /** Whether it is known, and remembers. */
  private get votes(): boolean {
    return this.server.known && (this.server.remembers || !this.options.checksMemory);
  }

  /** Whether it can be asked this now, as far as its server is known. */
  private takes(command: LockCommand): boolean {
    return needsMemory(command) ? this.votes : this.identityKnown;
  }

  /** Tells when it begins to abstain, until when, and when it votes again. */
  private note(until: number | null | undefined, cause: string | undefined): void {
    if (until === this.abstainsUntil) return;
    this.abstainsUntil = until;
    this.options.observe(until === undefined ? "remembers" : "forgot", cause, until);
  }

  /** The server has not the memory that was expected of it. */
  private doubt(): void {
    if (!this.votes || this.closed) return;
    this.server.forget();
    this.identify();
  }

  private quarantined({ until, cause }: NonNullable<ServerIdentity["abstention"]>): Answer {
    const left = until === null ? null : Math.max(0, Math.ceil(until - this.clock.monotonic()));
    return quarantined(cause, left);
  }

  private refusal(command: LockCommand): Answer | null {
    const { connection } = this.node;
    if (this.duplicateOf !== null) return duplicate(this.duplicateOf);
    if (this.server.anonymous && this.server.remembers && !this.options.admitsNameless) return nameless;
    const { abstention } = this.server;
    if (abstention !== null && needsMemory(command)) return this.quarantined(abstention);
    if (connection === "down") return notConnected(this.node);
    if (this.guard.overdue) return notConnectedInTime(this.node, "after", this.guard.waited ?? 0);
    if (this.detector.open) return unresponsive;
    // Releases do not count: thousands may be given up in one turn while the node is well.
    if (this.pending - this.releasing < mostInFlight) return null;
    this.waiting = this.waiting.filter((command) => command.wanted());
    if (this.pending - this.releasing < mostInFlight) return null;
    return overloaded(mostInFlight);
  }

  private get pending(): number {
    return this.inFlight + this.outgoing.length + this.waiting.length;
  }

  /** To be sent at the end of this turn. */
  send(command: PendingCommand): void {
    if (command instanceof ReleaseCommand) this.releasing++;
    if (this.outgoing.push(command) === 1) this.options.batcher.add(this);
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
      this.dismiss(unresponsive);
      this.notifyIdentified();
    } else if (liveness === "silent") {
      // It is connected, and does not say who it is: nobody needs to wait for that any longer.
      if (!this.identityKnown) this.notifyIdentified();
    } else if (liveness === "answered") {
      this.guard.answered();
      this.releases.deliver();
    }
  }

  private onOverdue(waited: number): void {
    const answer = notConnectedInTime(this.node, "within", waited);
    this.options.observe("disconnected", answer.message);
    this.dismiss(answer);
    this.notifyIdentified();
  }

  private onQuestionEnded(end: IdentifyOutcome): void {
    if (end === "answered") this.detector.replied();
    else if (end === "timedOut") this.detector.timedOut();
    else this.detector.lost();
  }

  private onIntroduced(): void {
    this.settled();
    this.options.onIntroduced();
  }

  private onUnknown(error: unknown): void {
    this.dismiss(failed("refused", messageOf(error)));
    this.notifyIdentified();
  }

  private notifyIdentified(): void {
    const told = [...this.identifyListeners];
    this.identifyListeners.clear();
    for (const onMet of told) onMet();
  }

  /** Answers everything that waits. */
  private dismiss(answer: Answer): void {
    for (const command of this.waiting.splice(0)) command.onReply(answer);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether it is what the server answered, and not what the client says of a request that got no answer. */
const isSaidByServer = (reason: FailureReason): boolean =>
  reason === "refused" || reason === "garbage" || reason === "quarantined";

const ignore = () => {};
