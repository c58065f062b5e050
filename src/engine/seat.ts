import { Acquaintance, type Circle } from "./acquaintance.js";
import { type Clock, elapsed, type Instant, now, type Timer } from "./clock.js";
import { claims, type LockCommand, needsMemory } from "./command.js";
import { Debts, undelivered } from "./debts.js";
import { Delivery } from "./delivery.js";
import type { Errand } from "./errand.js";
import type { Connection, LockNode, Reply } from "./node.js";
import type { Member } from "./quarantine.js";
import type { Random } from "./random.js";
import {
  duplicate,
  failed,
  givenUp,
  nameless,
  notConnected,
  notConnectedInTime,
  overloaded,
  quarantined,
  releaseOwed,
  silentForLong,
  unanswered,
  undecided,
} from "./refusal.js";
import { Silence } from "./silence.js";
import type { Turn } from "./turn.js";
import type { Answer, Vote } from "./vote.js";
import { watchWeakly } from "./weak-watch.js";

/** What a seat notices about its node's health. */
export type Observation = "connected" | "disconnected" | "silent" | "answered" | "forgot" | "remembers";

/** Unanswered commands per node; beyond that votes fail unsent, so that a hung node costs no memory. */
const maxInFlight = 10_000;

export interface SeatOptions {
  /** Tells it apart from the others in votes and errors. */
  readonly name: string;
  readonly node: LockNode;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly random: Random;
  /** ms that a node may take to answer, and to connect for the first time. */
  readonly patience: number;
  readonly circle: Circle;
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
}

/**
 * One node's seat in the quorum. It lets a command through only when the node is connected and known to be nobody
 * else's double, fails it at once otherwise, and delivers later the releases that it could not deliver now. What is
 * asked of it in one turn of the event loop travels together.
 */
export class Seat implements Member {
  readonly name: string;
  /** Most of its votes. */
  readonly granted: Vote;
  readonly node: LockNode;
  readonly server: Acquaintance;
  private readonly clock: Clock;
  private readonly silence: Silence;
  private readonly debts: Debts;
  /** Under way, for tokens that may be claimed again. */
  private readonly recurring = new Set<Delivery>();
  private closed = false;
  private debtTimer: Timer | null = null;
  private anchor: Timer | null = null;
  private onMet: (() => void) | null = null;
  private inFlight = 0;
  private askedToConnect: Instant | null = null;
  /** Until when it is known to abstain: null if nobody can tell, undefined if it does not. */
  private abstainsUntil: number | null | undefined;
  /** For the end of this turn. */
  private outgoing: Errand[] = [];
  /** For when the node is connected and known. */
  private waiting: Errand[] = [];
  private readonly unwatch: () => void;

  constructor(private readonly options: SeatOptions) {
    const { name, node, clock, random, patience, circle, observe } = options;
    this.name = name;
    this.granted = Object.freeze({ kind: "granted", node: name });
    this.node = node;
    this.clock = clock;
    this.silence = new Silence(clock, patience, (observation) =>
      observe(observation, this.node.trouble || undefined),
    );
    this.server = new Acquaintance(
      name,
      node,
      clock,
      random,
      circle,
      options.decides,
      () => this.onIntroduced(),
      (error) => this.onUnknown(error),
    );
    this.debts = new Debts(clock);
    this.unwatch = options.collectable
      ? watchWeakly(this, node)
      : node.watch((connection, cause) => this.onConnection(connection, cause));
  }

  /** The name of the node that is the same server as this one: this one's vote then fails. */
  get duplicateOf(): string | null {
    return this.server.duplicateOf;
  }

  /** Whether it is known which server this is. */
  get met(): boolean {
    return this.server.met;
  }

  /** Sends the errand in this turn, or tells now that it failed; waits only for a node that is about to be known. */
  ask(errand: Errand): void {
    const refusal = this.refusal(errand.command);
    if (refusal !== null) return errand.heard(refusal);
    if (this.takes(errand.command) && this.node.connection === "ready") return this.send(errand);
    this.silence.look();
    this.waiting.push(errand);
    this.identify();
  }

  /**
   * Releases, behind everything sent before. What the node does not take now is owed to it until its ttl is over.
   * `recurring`: the token may be claimed again, and is then owed no release any more.
   */
  release(
    command: LockCommand,
    ttl: number,
    recurring: boolean,
    answered: ((reply: Reply) => void) | null,
  ): void {
    const delivery = new Delivery(command, ttl, null, recurring, this.settle, answered);
    if (this.node.connection === "ready") this.send(delivery);
    else delivery.heard(releaseOwed);
  }

  /** Calls back once, when the node is identified, or as soon as it turns out that it cannot be reached for now. */
  meet(onMet: () => void): void {
    if (this.met || this.node.connection === "down") return onMet();
    this.onMet = onMet;
    this.identify();
  }

  /** What the node's silence of so many ms means: it may not even be connected. `voting`: it was asked for its vote. */
  silentFor(waited: number, voting = true): Answer {
    this.silence.look();
    if (voting && this.met && !this.votes && this.node.connection === "ready") return undecided;
    if (this.node.connection === "ready") return unanswered(waited);
    return notConnectedInTime(this.node, "within", waited);
  }

  /** Hands what this turn has asked for to the client, as one batch. */
  depart(): void {
    const { outgoing } = this;
    this.outgoing = [];
    this.silence.look();
    const requests: Errand[] = [];
    for (const errand of outgoing) {
      if (!errand.wanted()) errand.heard(givenUp);
      else if (this.node.connection !== "ready") errand.heard(notConnected(this.node));
      else if (!this.takes(errand.command) && !(errand instanceof Delivery)) this.ask(errand);
      else requests.push(errand);
    }
    if (requests.length === 0) return;
    for (const errand of requests) {
      const { command } = errand;
      // In their order: a claim forgives the releases before it, and none behind it.
      if (claims(command) || command.op === "renew") this.forgive(command.token);
      if (errand instanceof Delivery && errand.recurring) this.recurring.add(errand);
      errand.leave(this);
    }
    // One of those that travel together is measured for all.
    if (this.options.measures() && requests[0] !== undefined) requests[0].leftAt = this.clock.monotonic();
    this.inFlight += requests.length;
    this.silence.begin();
    try {
      this.node.execute({ mark: this.options.checksMemory ? this.server.mark : null, requests });
    } catch (error) {
      // Nodes do not throw; one that somebody else wrote may, and must not keep others from being asked.
      for (const errand of requests) errand.answered(failed("connection", messageOf(error)));
    }
  }

  /** A request is under way no longer. */
  arrived(reply: Reply, { leftAt }: Errand): void {
    this.inFlight--;
    if (reply.kind === "failed" && reply.reason === "quarantined") this.doubt();
    // A request that was lost on its way is no sign of life.
    if (reply.kind !== "failed" || (reply.reason !== "connection" && reply.reason !== "notReady")) {
      this.silence.end(this.inFlight > 0);
      if (leftAt !== null) this.options.measured(this.clock.monotonic() - leftAt);
    } else if (this.inFlight === 0) {
      this.silence.reset();
    }
  }

  async close(): Promise<void> {
    this.depart();
    this.unwatch();
    this.closed = true;
    this.debtTimer?.cancel();
    this.anchor?.cancel();
    this.dismiss(failed("notReady", "closed"));
    await this.node.close();
  }

  onConnection(connection: Connection, cause: Error | undefined): void {
    const { observe } = this.options;
    if (connection === "ready") {
      observe("connected");
      this.pay();
      this.identify();
    } else if (connection === "down") {
      this.silence.reset();
      observe("disconnected", cause?.message);
      this.abstainsUntil = undefined;
      this.server.forget();
      this.dismiss(failed("notReady", cause?.message ?? "connection lost"));
      this.tellMet();
    } else if (cause !== undefined) {
      // It will go on trying, but nobody needs to wait for it.
      this.tellMet();
    }
  }

  /** What is known of its server has changed. */
  readonly settled = (): void => {
    if (this.closed) return;
    if (this.duplicateOf !== null) {
      this.dismiss(duplicate(this.duplicateOf));
    } else if (this.votes) {
      this.note(undefined, undefined);
      for (const errand of this.waiting.splice(0)) this.send(errand);
    } else {
      const { abstention } = this.server;
      if (abstention !== null) this.note(abstention.until, abstention.cause);
      // What needs no memory is asked all the same.
      for (const errand of this.waiting.splice(0)) {
        if (this.takes(errand.command)) this.send(errand);
        else if (abstention === null) this.waiting.push(errand);
        else errand.heard(this.quarantined(abstention));
      }
      if (abstention === null) return;
    }
    this.tellMet();
  };

  /** Whether it is known, and remembers. */
  private get votes(): boolean {
    return this.server.met && (this.server.remembers || !this.options.checksMemory);
  }

  /** Whether it can be asked this now, as far as its server is known. */
  private takes(command: LockCommand): boolean {
    return needsMemory(command) ? this.votes : this.met;
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

  private quarantined({ until, cause }: NonNullable<Acquaintance["abstention"]>): Answer {
    const left = until === null ? null : Math.max(0, Math.ceil(until - this.clock.monotonic()));
    return quarantined(cause, left);
  }

  private refusal(command: LockCommand): Answer | null {
    const { connection } = this.node;
    if (this.duplicateOf !== null) return duplicate(this.duplicateOf);
    if (this.server.nameless && this.server.remembers && !this.options.admitsNameless) return nameless;
    const { abstention } = this.server;
    if (abstention !== null && needsMemory(command)) return this.quarantined(abstention);
    if (connection === "down") return notConnected(this.node);
    if (connection === "connecting" && this.askedToConnect !== null) {
      const waited = elapsed(this.clock, this.askedToConnect);
      if (waited > this.options.patience) return notConnectedInTime(this.node, "after", waited);
    }
    if (this.silence.lasting) return silentForLong;
    if (this.pending < maxInFlight) return null;
    this.waiting = this.waiting.filter((errand) => errand.wanted());
    if (this.pending < maxInFlight) return null;
    return overloaded(maxInFlight);
  }

  private get pending(): number {
    return this.inFlight + this.outgoing.length + this.waiting.length;
  }

  private send(errand: Errand): void {
    if (this.outgoing.push(errand) === 1) this.options.turn.add(this);
  }

  /** A release was answered; if it was not taken, it is still owed. */
  private readonly settle = (delivery: Delivery, reply: Reply): void => {
    this.recurring.delete(delivery);
    const { command, ttl, debt } = delivery;
    if (undelivered(reply) && !delivery.forgiven) {
      if (debt === null) this.debts.owe(command, ttl);
      else this.debts.oweAgain(debt);
    }
    if (this.debts.size === 0) return;
    this.stay(ttl);
    if (this.node.connection === "ready") this.payLater();
  };

  /** The token is being claimed again: no release that is owed or under way may be repeated. */
  private forgive(token: string): void {
    this.debts.forgive(token);
    for (const delivery of this.recurring) delivery.forgive(token);
  }

  /** Timers are what keeps a seat that nobody refers to: here, until all that it owes is paid or past its ttl. */
  private stay(ttl: number): void {
    if (!this.options.collectable || this.closed) return;
    this.anchor ??= this.clock.after(
      ttl,
      () => {
        this.anchor = null;
        if (this.debts.prune() > 0) this.stay(ttl);
      },
      true,
    );
  }

  /** Behind whatever the client resent by itself on a new connection, and before anything new. */
  private pay(): void {
    if (this.node.connection !== "ready") return;
    for (const debt of this.debts.take()) {
      this.send(new Delivery(debt.command, debt.ttl, debt, true, this.settle, null));
    }
  }

  private payLater(): void {
    if (this.closed || this.debtTimer !== null) return;
    const payNow = () => {
      this.debtTimer = null;
      this.pay();
    };
    this.debtTimer = this.clock.after(this.options.patience, payNow, true);
  }

  /** Connects a node that nobody connected yet, and asks one that is connected who it is. */
  private identify(): void {
    this.silence.begin();
    if (this.node.connection === "connecting") {
      this.askedToConnect ??= now(this.clock);
      this.node.connect();
    }
    if (this.node.connection === "ready") this.server.meet();
  }

  private onIntroduced(): void {
    this.silence.end(this.inFlight > 0);
    this.settled();
    this.options.onIntroduced();
  }

  private onUnknown(error: unknown): void {
    if (this.inFlight === 0) this.silence.reset();
    this.dismiss(failed("refused", messageOf(error)));
    this.tellMet();
  }

  private tellMet(): void {
    const { onMet } = this;
    this.onMet = null;
    onMet?.();
  }

  /** Answers everything that waits. */
  private dismiss(answer: Answer): void {
    for (const errand of this.waiting.splice(0)) errand.heard(answer);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
