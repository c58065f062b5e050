import { type Clock, elapsed, type Instant, now } from "./clock.js";
import type { LockCommand } from "./command.js";
import type { Connection, LockNode, Reply } from "./node.js";
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
/** Releases still owed to an unreachable node; the oldest is dropped beyond that, its key then lives until its ttl. */
const maxOwed = 1_000;
/** Owed releases per batch. */
const owedPerBatch = 100;

export const failed = (reason: FailureReason, message: string): Answer & { kind: "failed" } => ({
  kind: "failed",
  reason,
  message,
});

interface OwedRelease {
  readonly command: LockCommand;
  readonly since: Instant;
  readonly ttl: number;
}

/**
 * One node's seat in the quorum. It lets a command through only when the node is connected and known to be nobody
 * else's double, fails it at once otherwise, and remembers the releases it could not deliver.
 */
export class Seat {
  /** The name of the node that is the same server as this one: this one's vote then fails. */
  duplicateOf: string | null = null;
  private identity: string | null | undefined;
  /** Stands for the question under way; a new connection asks anew. */
  private question: object | null = null;
  private onMet: () => void = () => {};
  private inFlight = 0;
  private silent = false;
  private askedToConnect: Instant | null = null;
  private waiting: Errand[] = [];
  private owed: OwedRelease[] = [];
  private readonly unwatch: () => void;

  constructor(
    readonly node: LockNode,
    private readonly clock: Clock,
    /** ms that a node may take to connect for the first time before its votes fail at once. */
    private readonly patience: number,
    /** Which seat has which identity; shared by the seats of one quorum. */
    private readonly identities: Map<string, Seat>,
    private readonly observe: (observation: Observation, cause?: string) => void,
  ) {
    this.unwatch = node.watch((connection, cause) => this.onConnection(connection, cause));
  }

  /** Sends the errand now, or answers it as failed now; waits only for a node that is connecting for the first time. */
  ask(errand: Errand): void {
    const refusal = this.refusal();
    if (refusal !== null) return errand.answered(refusal);
    if (this.identity === undefined || this.node.connection !== "ready") {
      this.waiting.push(errand);
      this.identify();
    } else {
      this.transmit(errand);
    }
  }

  /** Compare-and-delete, behind everything sent before. What cannot be delivered now is owed until its ttl is over. */
  release(command: LockCommand, ttl: number, answered: (reply: Reply) => void): void {
    const owe = () => this.owe({ command, since: now(this.clock), ttl });
    if (this.node.connection !== "ready") {
      owe();
      return answered(failed("notReady", "not connected; the release follows when it is"));
    }
    this.transmit({
      command,
      wanted: () => true,
      sent: () => {},
      answered: (reply) => {
        const lost =
          reply.kind === "failed" && (reply.reason === "connection" || reply.reason === "notReady");
        if (lost) owe();
        answered(reply);
      },
    });
  }

  /** Resolves when the node is identified, or can't be reached; its caller bounds the wait. */
  met(): Promise<void> {
    return new Promise((resolve) => {
      this.onMet = resolve;
      if (this.identity !== undefined || this.node.connection === "down") resolve();
      else this.identify();
    });
  }

  /** A node did not answer within its timeout: notes it, and tells what its vote is then. */
  noteSilence(timeout: number): Answer {
    this.silent = true;
    this.observe("silent", this.node.trouble || undefined);
    return this.silence(timeout);
  }

  /** What a node's silence of so many ms means: it may not even be connected. */
  silence(waited: number): Answer {
    if (this.node.connection === "ready") return failed("timeout", `no answer within ${waited} ms`);
    const why = this.node.trouble === "" ? "" : `: ${this.node.trouble}`;
    return failed("notReady", `not connected within ${waited} ms${why}`);
  }

  async close(): Promise<void> {
    this.unwatch();
    this.dismiss(failed("notReady", "closed"));
    this.owed = [];
    await this.node.close();
  }

  private refusal(): Answer | null {
    if (this.duplicateOf !== null) return failed("duplicate", `is the same server as ${this.duplicateOf}`);
    if (this.node.connection === "down") return failed("notReady", this.node.trouble || "not connected");
    if (this.node.connection === "connecting" && this.askedToConnect !== null) {
      const waited = elapsed(this.clock, this.askedToConnect);
      const why = this.node.trouble === "" ? "" : `: ${this.node.trouble}`;
      if (waited > this.patience)
        return failed("notReady", `not connected after ${Math.round(waited)} ms${why}`);
    }
    if (this.inFlight + this.waiting.length < maxInFlight) return null;
    this.waiting = this.waiting.filter((errand) => errand.wanted());
    if (this.inFlight + this.waiting.length >= maxInFlight) {
      return failed("overloaded", `${maxInFlight} requests are unanswered already`);
    }
    return null;
  }

  private transmit(errand: Errand): void {
    errand.sent();
    this.inFlight++;
    void this.node.execute({ identity: this.identity ?? null, requests: [errand] }).then(([reply]) => {
      this.inFlight--;
      this.noteAnswer();
      errand.answered(reply ?? failed("garbage", "no reply"));
    });
  }

  private noteAnswer(): void {
    if (!this.silent) return;
    this.silent = false;
    this.observe("answered");
  }

  /** Connects a node that nobody connected yet, and asks one that is connected who it is. */
  private identify(): void {
    if (this.node.connection === "connecting") {
      this.askedToConnect ??= now(this.clock);
      this.node.connect();
    }
    if (this.node.connection !== "ready" || this.identity !== undefined || this.question !== null) return;
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
        this.dismiss(failed("refused", error instanceof Error ? error.message : String(error)));
        this.onMet();
      }),
    );
  }

  private onIdentity(identity: string | null): void {
    this.noteAnswer();
    this.identity = identity;
    this.claimIdentity(identity);
    this.onMet();
    if (this.duplicateOf !== null) {
      return this.dismiss(failed("duplicate", `is the same server as ${this.duplicateOf}`));
    }
    this.payOwed();
    for (const errand of this.waiting.splice(0)) if (errand.wanted()) this.transmit(errand);
  }

  private claimIdentity(identity: string | null): void {
    if (identity === null) return;
    const first = this.identities.get(identity);
    if (first === undefined) this.identities.set(identity, this);
    else if (first !== this) this.duplicateOf = first.node.name;
  }

  /** Answers everything that waits. */
  private dismiss(answer: Answer): void {
    for (const errand of this.waiting.splice(0)) errand.answered(answer);
  }

  private onConnection(connection: Connection, cause: Error | undefined): void {
    if (connection === "ready") {
      this.observe("connected");
      this.identify();
      return;
    }
    if (connection === "down") {
      this.observe("disconnected", cause?.message);
      this.forgetIdentity();
      this.dismiss(failed("notReady", cause?.message ?? "connection lost"));
      this.onMet();
    }
  }

  /** Another server may answer on the next connection. */
  private forgetIdentity(): void {
    if (typeof this.identity === "string" && this.identities.get(this.identity) === this) {
      this.identities.delete(this.identity);
    }
    this.identity = undefined;
    this.question = null;
    this.duplicateOf = null;
  }

  private owe(release: OwedRelease): void {
    this.owed.push(release);
    if (this.owed.length > maxOwed) this.owed.shift();
  }

  /** Behind whatever the client resent by itself on the new connection, and before anything new. */
  private payOwed(): void {
    const due = this.owed.splice(0).filter(({ since, ttl }) => elapsed(this.clock, since) < ttl);
    for (let at = 0; at < due.length; at += owedPerBatch) {
      const requests = due
        .slice(at, at + owedPerBatch)
        .map(({ command }) => ({ command, wanted: () => true }));
      void this.node.execute({ identity: this.identity ?? null, requests });
    }
  }
}
