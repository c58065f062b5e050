import { sharedContext } from "../../support/async-context.js";
import {
  type Identification,
  idOfSingle,
  isOfSingle,
  isSameServer,
  type MemoryChange,
} from "../protocol/memory.js";
import { NewerMemoryError } from "../protocol/protocol-version.js";
import { quarantined } from "../protocol/refusal.js";
import type { Answer } from "../protocol/vote.js";
import type { Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";
import { causeOf } from "./abstention.js";
import type { LockNode } from "./lock-node.js";

/**
 * The identified servers of one quorum, in the order of their identification. Of several entries for the same server,
 * the first one votes.
 */
export type KnownServers = ServerIdentity[];

/** Why an identified node does not vote for now. */
interface Abstention {
  /** By the monotonic clock, in ms; null if the time is not known yet. */
  readonly until: number | null;
  readonly cause: string;
}

/**
 * The outcome of an identification request. `timedOut`: the client gave the request up, and the node has not replied.
 */
export type IdentifyOutcome = "answered" | "lost" | "timedOut";

const outcomeOf = (error: unknown): IdentifyOutcome => {
  if (error instanceof NewerMemoryError) return "answered";
  const message = error instanceof Error ? error.message : "";
  // ETIMEDOUT means that the connection ended, which is reported separately.
  return /timed? ?out/i.test(message) && !/ETIMEDOUT/.test(message) ? "timedOut" : "lost";
};

export interface ServerIdentityOptions {
  /** Distinguishes the node from the others in votes and errors. */
  readonly name: string;
  readonly node: LockNode;
  readonly clock: Clock;
  readonly random: Random;
  readonly knownServers: KnownServers;
  /** Whether the node is the only one of its set. */
  readonly single: boolean;
  /** Whether the node votes only as long as it remembers what it granted. */
  readonly checksMemory: boolean;
  /** Whether anything is to be acquired: an inspection alone stores nothing on the server. */
  readonly decides: () => boolean;
  /** Called when `ask` has sent a request. `onEnded` follows. */
  readonly onAsked: () => void;
  /** Called when a request on this connection is no longer in flight, with its outcome. */
  readonly onEnded: (end: IdentifyOutcome) => void;
  readonly onIdentified: () => void;
  readonly onRefused: (error: unknown) => void;
}

/**
 * The identity and the memory of the server behind a node. They are requested on each connection, because another
 * server may answer there, or the same server after a restart.
 */
export class ServerIdentity {
  readonly name: string;
  /** Whether the server has been identified. */
  known = false;
  /** Whether the node votes: its server is identified and, if that is checked, remembers everything that it granted. */
  votes = false;
  /** Undefined until the server has answered. */
  private identification: Identification | undefined;
  /** The mark that the server must have to grant anything; null if nothing can be stored on the server. */
  mark: string | null = null;
  abstention: Abstention | null = null;
  /** Whether the server had a memory at some time, as far as this process knows. */
  hadMemory = false;
  /** The name of the node that is the same server as this one. */
  duplicateOf: string | null = null;
  /** Identifies the connection: answers to requests on another connection are ignored. */
  private connection = {};
  private asking = false;
  /** The latest answer to `ask` on this connection. */
  private latest: Identification | null = null;

  constructor(private readonly options: ServerIdentityOptions) {
    this.name = options.name;
  }

  /** Whether the server remembers everything that it granted, as far as can be known. */
  get remembers(): boolean {
    const memory = this.identification?.memory;
    if (memory === null || memory === undefined) return memory === null;
    // A set of several nodes first records that it uses the server.
    return memory.state === "kept" && (this.options.single || !this.wasAlone);
  }

  /** Whether only sets of one node have used the server so far. */
  get wasAlone(): boolean {
    const memory = this.identification?.memory;
    return memory !== null && memory !== undefined && isOfSingle(memory);
  }

  /** Whether nothing can be stored on the server, so that a loss of memory is not detected. */
  get storesNothing(): boolean {
    return this.identification?.memory === null;
  }

  /** The run id of the server; null if it is hidden, or the server is not identified. */
  get runId(): string | null {
    return this.identification?.runId ?? null;
  }

  /** The highest fence that the server had accepted when it was identified; 0 if there is none, or it is unknown. */
  get watermark(): number {
    return this.identification?.memory?.watermark ?? 0;
  }

  /** Whether nothing distinguishes this server from others. */
  get anonymous(): boolean {
    return this.identification?.runId === null && this.identification.id === null;
  }

  /**
   * Identifies the server: leads to `onIdentified` or `onRefused`, unless the connection is lost before. `anyway`:
   * sends a request even if the server is identified already, or an earlier request may still be answered; a lost
   * request must not block the next one. Returns whether a request was sent.
   */
  identify(anyway = false): boolean {
    if (!anyway && (this.known || this.asking)) return false;
    this.asking = true;
    const { connection } = this;
    const { node, decides } = this.options;
    identifyAt(node, decides() ? this.newId() : "", null).then(
      (identification) => {
        const current = this.connection === connection;
        this.options.onEnded(current ? "answered" : "lost");
        if (!current) return;
        this.asking = false;
        if (!this.known) this.update(identification);
        this.options.onIdentified();
      },
      (error: unknown) => {
        this.options.onEnded(outcomeOf(error));
        if (this.connection !== connection) return;
        this.asking = false;
        this.options.onRefused(error);
      },
    );
    return true;
  }

  /**
   * Identifies the server again, after storing a new memory there if there is a `change`. Resolves to null if a new
   * connection has begun in the meantime. `age`: see {@link LockNode.identify}. Rejects if the server cannot be asked.
   */
  async ask(change: MemoryChange | null, age: number): Promise<Identification | null> {
    const { connection } = this;
    this.options.onAsked();
    try {
      const identification = await identifyAt(this.options.node, this.newId(), change, age);
      const current = this.connection === connection;
      this.options.onEnded(current ? "answered" : "lost");
      if (!current) return null;
      this.latest = identification;
      return identification;
    } catch (error) {
      this.options.onEnded(outcomeOf(error));
      if (error instanceof NewerMemoryError && this.connection === connection) {
        this.forget();
        this.options.onRefused(error);
      }
      throw error;
    }
  }

  /**
   * Makes this answer the known state of the server. Returns false if the answer was overtaken by a later one, or if a
   * new connection has begun.
   */
  accept(answer: Identification, abstention?: Abstention): boolean {
    if (this.latest !== answer) return false;
    this.update(answer, abstention);
    return true;
  }

  /** An id to leave on a server that has none. */
  private newId(): string {
    const secret = this.options.random.secret();
    return this.options.single ? idOfSingle(secret) : secret;
  }

  private update(identification: Identification, abstention = this.abstentionOf(identification)): void {
    this.identification = identification;
    this.mark = identification.memory?.mark ?? null;
    this.hadMemory ||= identification.memory?.state === "kept";
    this.abstention = abstention;
    this.known = true;
    this.votes = this.remembers || !this.options.checksMemory;
    if (!this.options.knownServers.includes(this)) this.options.knownServers.push(this);
    markDuplicates(this.options.knownServers);
  }

  forget(): void {
    const at = this.options.knownServers.indexOf(this);
    if (at !== -1) this.options.knownServers.splice(at, 1);
    markDuplicates(this.options.knownServers);
    this.identification = undefined;
    this.mark = null;
    this.known = false;
    this.votes = false;
    this.abstention = null;
    this.duplicateOf = null;
    this.connection = {};
    this.asking = false;
    this.latest = null;
  }

  /** The abstention that another process has decided. */
  private abstentionOf({ memory }: Identification): Abstention | null {
    if (memory?.state !== "abstaining" || memory.left === 0) return null;
    return { until: this.options.clock.monotonic() + memory.left, cause: causeOf(memory) };
  }

  /** Whether it is known which server this is, and whether the node votes. */
  get identified(): boolean {
    return this.votes || this.duplicateOf !== null || this.abstention !== null;
  }

  /** The vote of an abstaining node; null if the node does not abstain. */
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

/** Compares all servers again: when a node turns out to be another server, its former duplicate may vote. */
function markDuplicates(knownServers: KnownServers): void {
  for (const [index, one] of knownServers.entries()) {
    one.duplicateOf = knownServers.slice(0, index).find((other) => other.isSame(one))?.name ?? null;
  }
}

/** Asks a node that the user may have written: it may throw, and it may answer with anything. */
async function identifyAt(
  node: LockNode,
  ...question: Parameters<LockNode["identify"]>
): Promise<Identification> {
  // The answer serves all callers.
  const answer: unknown = await sharedContext.runInAsyncScope(() => node.identify(...question));
  if (isIdentification(answer)) return answer;
  throw new Error(`identify() gave ${shapeOf(answer)} instead of an identification`);
}

const isIdentification = (answer: unknown): answer is Identification => {
  const { runId, id, memory } = (answer ?? {}) as { [Name in keyof Identification]: unknown };
  if (!isTextOrNull(runId) || !isTextOrNull(id)) return false;
  if (memory === null) return true;
  const { state, marker } = (memory ?? {}) as { state?: unknown; marker?: unknown };
  return typeof state === "string" && typeof marker === "string";
};

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === "string";

const shapeOf = (value: unknown): string => {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return `an object with ${Object.keys(value).join(", ") || "nothing"}`;
};
