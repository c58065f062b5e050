import { type LockCommand, needsMemory } from "../protocol/command.js";
import { type Identification, isSameServer, type MemoryChange } from "../protocol/memory.js";
import { quarantined } from "../protocol/refusal.js";
import type { Answer } from "../protocol/vote.js";
import type { Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";
import { causeOf } from "./abstention.js";
import type { LockNode } from "./lock-node.js";

/** Whom one quorum has met, in that order; the first of those that are the same server votes. */
export type KnownServers = ServerIdentity[];

/** Why a node that is known does not vote for now. */
interface Abstention {
  /** By the monotonic clock; null: nobody can tell yet. */
  readonly until: number | null;
  readonly cause: string;
}

/** What became of a question. `timedOut`: the client has given it up by itself, and the node has said nothing. */
export type IdentifyOutcome = "answered" | "lost" | "timedOut";

const endBy = (error: unknown): IdentifyOutcome => {
  const message = error instanceof Error ? error.message : "";
  // ETIMEDOUT is the end of a connection, which is told by itself.
  return /timed? ?out/i.test(message) && !/ETIMEDOUT/.test(message) ? "timedOut" : "lost";
};

export interface ServerIdentityOptions {
  /** Tells the node apart from others in votes and errors. */
  readonly name: string;
  readonly node: LockNode;
  readonly clock: Clock;
  readonly random: Random;
  readonly knownServers: KnownServers;
  /** Whether the node votes only as long as it remembers what it granted. */
  readonly checksMemory: boolean;
  /** Whether anything is to be acquired: an inspection alone leaves nothing on the server. */
  readonly decides: () => boolean;
  /** `ask` has sent a question, whose end is told, too. */
  readonly onAsked: () => void;
  /** A question is no longer in flight; how it ended, on this connection. */
  readonly onEnded: (end: IdentifyOutcome) => void;
  readonly onIdentified: () => void;
  readonly onRefused: (error: unknown) => void;
}

/** Who is behind a node: asked anew on each connection, because another server may answer there, or another life of it. */
export class ServerIdentity {
  readonly name: string;
  /** Whether it is known which server this is. */
  known = false;
  /** Whether the node votes: its server is known, and remembers all that it granted, if that is checked. */
  votes = false;
  /** Undefined until it was asked. */
  private identification: Identification | undefined;
  abstention: Abstention | null = null;
  /** It had a memory once, as far as this process knows. */
  hasRemembered = false;
  /** The name of the node that is the same server as this one. */
  duplicateOf: string | null = null;
  /** Stands for the connection: what was asked on another one is not believed. */
  private connection = {};
  private asking = false;
  /** The last answer to `ask` on this connection. */
  private latest: Identification | null = null;

  constructor(private readonly options: ServerIdentityOptions) {
    this.name = options.name;
  }

  /** Whether it remembers all that it granted, as far as can be known. */
  get remembers(): boolean {
    const memory = this.identification?.memory;
    return memory === null || memory?.state === "kept";
  }

  /** Whether nothing can be left there, so that a loss of memory is not noticed. */
  get keepsNothing(): boolean {
    return this.identification?.memory === null;
  }

  /** What it must have to grant anything; null where it keeps nothing. */
  get mark(): string | null {
    return this.identification?.memory?.mark ?? null;
  }

  /** Whether there is nothing to tell this server from others by. */
  get anonymous(): boolean {
    return this.identification?.runId === null && this.identification.id === null;
  }

  /**
   * Leads to `onMet` or `onRefused`, unless the connection is gone before. `anyway`: asks although it is known, or an earlier
   * question may still be answered; a call that was lost must not be waited for. Returns whether it has asked.
   */
  identify(anyway = false): boolean {
    if (!anyway && (this.known || this.asking)) return false;
    this.asking = true;
    const { connection } = this;
    this.options.node.identify(this.options.decides() ? this.options.random.secret() : "", null).then(
      (identification) => {
        const current = this.connection === connection;
        this.options.onEnded(current ? "answered" : "lost");
        if (!current) return;
        this.asking = false;
        if (!this.known) this.note(identification);
        this.options.onIdentified();
      },
      (error: unknown) => {
        this.options.onEnded(endBy(error));
        if (this.connection !== connection) return;
        this.asking = false;
        this.options.onRefused(error);
      },
    );
    return true;
  }

  /**
   * Asks again, having left a new memory there if there is a `change`. Null if another connection has begun meanwhile.
   * `age`: see {@link LockNode.identify}. Rejects if it cannot be asked.
   */
  async ask(change: MemoryChange | null, age: number): Promise<Identification | null> {
    const { connection } = this;
    this.options.onAsked();
    try {
      const identification = await this.options.node.identify(this.options.random.secret(), change, age);
      const current = this.connection === connection;
      this.options.onEnded(current ? "answered" : "lost");
      if (!current) return null;
      this.latest = identification;
      return identification;
    } catch (error) {
      this.options.onEnded(endBy(error));
      throw error;
    }
  }

  /** From now on this answer is what is known of it, unless it was overtaken or another connection has begun. */
  accept(answer: Identification, abstention?: Abstention): boolean {
    if (this.latest !== answer) return false;
    this.note(answer, abstention);
    return true;
  }

  private note(identification: Identification, abstention = this.abstentionOf(identification)): void {
    this.identification = identification;
    this.hasRemembered ||= identification.memory?.state === "kept";
    this.abstention = abstention;
    this.known = true;
    this.votes = this.remembers || !this.options.checksMemory;
    if (!this.options.knownServers.includes(this)) this.options.knownServers.push(this);
    compare(this.options.knownServers);
  }

  forget(): void {
    const at = this.options.knownServers.indexOf(this);
    if (at !== -1) this.options.knownServers.splice(at, 1);
    compare(this.options.knownServers);
    this.identification = undefined;
    this.known = false;
    this.votes = false;
    this.abstention = null;
    this.duplicateOf = null;
    this.connection = {};
    this.asking = false;
    this.latest = null;
  }

  /** Somebody has decided it before. */
  private abstentionOf({ memory }: Identification): Abstention | null {
    if (memory?.state !== "abstaining" || memory.left === 0) return null;
    return { until: this.options.clock.monotonic() + memory.left, cause: causeOf(memory) };
  }

  /** Whether the node can be asked this, as far as its server is known. */
  takes(command: LockCommand): boolean {
    return needsMemory(command) ? this.votes : this.known;
  }

  /** Whether it is known which server this is, and whether the node votes. */
  get identified(): boolean {
    return this.votes || this.duplicateOf !== null || this.abstention !== null;
  }

  /** The vote of a node that abstains; null if it does not. */
  get refusal(): Answer | null {
    if (this.abstention === null) return null;
    const { until, cause } = this.abstention;
    const left = until === null ? null : Math.max(0, Math.ceil(until - this.options.clock.monotonic()));
    return quarantined(cause, left);
  }

  isSame({ identification: other }: ServerIdentity): boolean {
    const { identification: own } = this;
    return own !== undefined && other !== undefined && isSameServer(own, other);
  }
}

/** Anew for all of them: when one turns to another server, its double votes. */
function compare(knownServers: KnownServers): void {
  for (const [index, one] of knownServers.entries()) {
    one.duplicateOf = knownServers.slice(0, index).find((other) => other.isSame(one))?.name ?? null;
  }
}
