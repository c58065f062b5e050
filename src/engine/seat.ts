import { type Clock, elapsed, type Instant, now, type Timer } from "./clock.js";
import { claims, type LockCommand } from "./command.js";
import { type Debt, Debts, undelivered } from "./debts.js";
import type { Connection, LockNode, Reply } from "./node.js";
import { Silence } from "./silence.js";
import type { Answer, FailureReason } from "./vote.js";

/** A command for one node, and what its sender wants to hear of it. */
export interface Errand {
  readonly command: LockCommand;
  /** False once the command was given up: it is then not sent (again). */
  wanted(): boolean;
  /** Called when it is handed to the client: from then on the node may have acted on it. */
  sent(): void;
  answered(reply: Reply): void;
}

/** What a seat notices about its node's health. */
export type Observation = "connected" | "disconnected" | "silent" | "answered";

/** Unanswered commands per node; beyond that votes fail unsent, so that a hung node costs no memory. */
const maxInFlight = 10_000;

export const failed = (reason: FailureReason, message: string): Answer & { kind: "failed" } => ({
  kind: "failed",
  reason,
  message,
});

/** Which seat has which server; shared by the seats of one quorum. */
export type Identities = Map<string, Seat>;

export interface SeatOptions {
  /** Tells it apart from the others in votes and errors. */
  readonly name: string;
  readonly node: LockNode;
  readonly clock: Clock;
  /** ms that a node may take to answer, and to connect for the first time. */
  readonly patience: number;
  readonly identities: Identities;
  /** Whether it may be collected while its node lives on, if nobody refers to it and it has nothing left to do. */
  readonly collectable: boolean;
  readonly observe: (observation: Observation, cause?: string) => void;
}

/**
 * One node's seat in the quorum. It lets a command through only when the node is connected and known to be nobody
 * else's double, fails it at once otherwise, and delivers later the releases that it could not deliver now.
 */
export class Seat {
  /** The name of the node that is the same server as this one: this one's vote then fails. */
  duplicateOf: string | null = null;
  readonly name: string;
  private readonly node: LockNode;
  private readonly clock: Clock;
  private readonly silence: Silence;
  private readonly debts: Debts;
  private closed = false;
  private debtTimer: Timer | null = null;
  private anchor: Timer | null = null;
  private identity: string | null | undefined;
  /** Stands for the question under way; a new connection asks anew. */
  private question: object | null = null;
  private onMet: (() => void) | null = null;
  private inFlight = 0;
  private askedToConnect: Instant | null = null;
  private waiting: Errand[] = [];
  private readonly unwatch: () => void;

  constructor(private readonly options: SeatOptions) {
    const { name, node, clock, patience, observe } = options;
    this.name = name;
    this.node = node;
    this.clock = clock;
    this.silence = new Silence(clock, patience, (observation) =>
      observe(observation, this.node.trouble || undefined),
    );
    this.debts = new Debts(clock);
    this.unwatch = options.collectable
      ? followWeakly(this, node)
      : node.watch((connection, cause) => this.onConnection(connection, cause));
  }

  /** Sends the errand now, or answers it as failed now; waits only for a node that is connecting for the first time. */
  ask(errand: Errand): void {
    this.silence.look();
    const refusal = this.refusal();
    if (refusal !== null) return errand.answered(refusal);
    if (this.identity === undefined || this.node.connection !== "ready") {
      this.waiting.push(errand);
      this.identify();
    } else {
      this.transmit(errand);
    }
  }

  /** Releases, behind everything sent before. What the node does not take now is owed to it until its ttl is over. */
  release(command: LockCommand, ttl: number, answered: (reply: Reply) => void): void {
    if (this.node.connection === "ready") {
      return this.deliver({ command, since: now(this.clock), ttl, tries: 0 }, answered);
    }
    this.debts.owe(command, ttl);
    this.stay(ttl);
    answered(failed("notReady", "not connected; the release follows when it is"));
  }

  /** Calls back once, when the node is identified, or as soon as it turns out that it cannot be reached for now. */
  meet(onMet: () => void): void {
    if (this.met || this.node.connection === "down") return onMet();
    this.onMet = onMet;
    this.identify();
  }

  /** Whether it is known which server this is. */
  get met(): boolean {
    return this.identity !== undefined;
  }

  /** What the node's silence of so many ms means: it may not even be connected. */
  silentFor(waited: number): Answer {
    this.silence.look();
    if (this.node.connection === "ready") return failed("timeout", `no answer within ${waited} ms`);
    const why = this.node.trouble === "" ? "" : `: ${this.node.trouble}`;
    return failed("notReady", `not connected within ${waited} ms${why}`);
  }

  async close(): Promise<void> {
    this.unwatch();
    this.closed = true;
    this.debtTimer?.cancel();
    this.anchor?.cancel();
    this.dismiss(failed("notReady", "closed"));
    await this.node.close();
  }

  private refusal(): Answer | null {
    const { connection, trouble } = this.node;
    if (this.duplicateOf !== null) return failed("duplicate", `is the same server as ${this.duplicateOf}`);
    if (connection === "down") return failed("notReady", trouble || "not connected");
    if (connection === "connecting" && this.askedToConnect !== null) {
      const waited = elapsed(this.clock, this.askedToConnect);
      const why = trouble === "" ? "" : `: ${trouble}`;
      if (waited > this.options.patience) {
        return failed("notReady", `not connected after ${Math.round(waited)} ms${why}`);
      }
    }
    if (this.inFlight + this.waiting.length < maxInFlight) return null;
    this.waiting = this.waiting.filter((errand) => errand.wanted());
    if (this.inFlight + this.waiting.length < maxInFlight) return null;
    return failed("overloaded", `${maxInFlight} requests are unanswered already`);
  }

  private transmit(errand: Errand): void {
    errand.sent();
    const { command } = errand;
    if (claims(command) || command.op === "renew") this.debts.forgive(command.token);
    this.inFlight++;
    this.silence.begin();
    const onReply = (reply: Reply) => {
      this.inFlight--;
      // A request that was lost on its way is no sign of life.
      if (reply.kind !== "failed" || (reply.reason !== "connection" && reply.reason !== "notReady")) {
        this.silence.end(this.inFlight > 0);
      } else if (this.inFlight === 0) {
        this.silence.reset();
      }
      errand.answered(reply);
    };
    this.node.execute({ identity: this.identity ?? null, requests: [errand] }).then(
      ([reply]) => onReply(reply ?? failed("garbage", "no reply")),
      // Nodes answer with votes and do not reject; one that somebody else wrote may.
      (error: unknown) => onReply(failed("connection", messageOf(error))),
    );
  }

  private deliver(debt: Debt, answered: (reply: Reply) => void): void {
    this.debts.begin(debt);
    this.transmit({
      command: debt.command,
      wanted: () => true,
      sent: () => {},
      answered: (reply) => {
        this.debts.settle(debt, !undelivered(reply));
        if (this.debts.size > 0) this.stay(debt.ttl);
        this.payLater();
        answered(reply);
      },
    });
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
    for (const debt of this.debts.take()) this.deliver(debt, () => {});
  }

  private payNow(): void {
    this.debtTimer = null;
    this.pay();
  }

  private payLater(): void {
    if (!this.closed && this.debts.size > 0 && this.debtTimer === null) {
      this.debtTimer = this.clock.after(this.options.patience, () => this.payNow(), true);
    }
  }

  /** Connects a node that nobody connected yet, and asks one that is connected who it is. */
  private identify(): void {
    this.silence.begin();
    if (this.node.connection === "connecting") {
      this.askedToConnect ??= now(this.clock);
      this.node.connect();
    }
    if (this.node.connection !== "ready" || this.met || this.question !== null) return;
    const question = {};
    this.question = question;
    const unlessStale = <T>(then: (value: T) => void) => {
      return (value: T) => {
        if (this.question !== question) return;
        this.question = null;
        then(value);
      };
    };
    this.node.identify().then(
      unlessStale((identity) => this.onIdentity(identity)),
      unlessStale((error) => {
        if (this.inFlight === 0) this.silence.reset();
        this.dismiss(failed("refused", messageOf(error)));
        this.tellMet();
      }),
    );
  }

  private onIdentity(identity: string | null): void {
    this.silence.end(this.inFlight > 0);
    this.identity = identity;
    this.claimIdentity(identity);
    this.tellMet();
    if (this.duplicateOf !== null) {
      return this.dismiss(failed("duplicate", `is the same server as ${this.duplicateOf}`));
    }
    for (const errand of this.waiting.splice(0)) if (errand.wanted()) this.transmit(errand);
  }

  private claimIdentity(identity: string | null): void {
    if (identity === null) return;
    const { identities } = this.options;
    const first = identities.get(identity);
    if (first === undefined) identities.set(identity, this);
    else if (first !== this) this.duplicateOf = first.name;
  }

  private tellMet(): void {
    const { onMet } = this;
    this.onMet = null;
    onMet?.();
  }

  /** Answers everything that waits. */
  private dismiss(answer: Answer): void {
    for (const errand of this.waiting.splice(0)) errand.answered(answer);
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
      this.forgetIdentity();
      this.dismiss(failed("notReady", cause?.message ?? "connection lost"));
      this.tellMet();
    } else if (cause !== undefined) {
      // It will go on trying, but nobody needs to wait for it.
      this.tellMet();
    }
  }

  /** Another server may answer on the next connection. */
  private forgetIdentity(): void {
    const { identities } = this.options;
    if (typeof this.identity === "string" && identities.get(this.identity) === this) {
      identities.delete(this.identity);
    }
    this.identity = undefined;
    this.question = null;
    this.duplicateOf = null;
  }
}

/** Ends the watch for a seat that nobody has any more. */
const abandoned = new FinalizationRegistry<() => void>((unwatch) => unwatch());

/** A client may outlive many quorums that nobody closed: it must not keep them. */
function followWeakly(seat: Seat, node: LockNode): () => void {
  const unwatch = node.watch(listenerOf(new WeakRef(seat)));
  abandoned.register(seat, unwatch);
  return unwatch;
}

/** Apart from the seat: a function keeps whatever is in sight where it is made. */
const listenerOf = (seat: WeakRef<Seat>) => (connection: Connection, cause?: Error) =>
  seat.deref()?.onConnection(connection, cause);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
