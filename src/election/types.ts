import type { AcquireOptions } from "../lock/options.js";
import type { ElectionContext, ElectionState } from "../machines/election-state.js";
import type { DeposedEvent, ElectionEventMap } from "./events.js";

export type { ElectionContext, ElectionState };

/** One leadership of this candidate, from the grant of its lease to the lease's end. */
export interface Term {
  /** The number of the term, counted from 1 for each candidate. Use `fence` to compare terms of different candidates. */
  readonly number: number;
  /** Epoch ms at which the term began. */
  readonly since: number;
  /** Epoch ms at which the term ends unless the lease is renewed. Use this value for display, and `remaining()` in code. */
  readonly validUntil: number;
  /**
   * Aborts with a TermEndedError when the work of the term must stop: the lease was lost, or the candidate resigns or closes.
   * In the latter cases the lease is kept until the promise of `onElected` settles.
   */
  readonly signal: AbortSignal;
  /** Returns the ms for which nobody else can lead, by the less favourable of two clocks. 0 when the term is over. */
  remaining(): number;
  /** Throws a TermEndedError when the term is over, so that somebody else may lead. */
  assertLeading(): void;
  /** Ends the term as `election.resign()` does, without waiting: `onElected` may call this, and return. */
  resign(): void;
}

/** A term of an election with `fence: true`. */
export interface FencedTerm extends Term {
  /** The fencing token. It grows from one term to the next, whoever leads. */
  readonly fence: number;
}

/** The type of the terms for this value of the option `fence`. */
export type TermOf<Fence extends boolean> = [Fence] extends [true] ? FencedTerm : Term;

/** Options of an election. `ttl` and `maxHold` default to the same options of `createLocks`. */
export interface ElectionOptions<Fence extends boolean = boolean>
  extends Pick<AcquireOptions, "ttl" | "maxHold"> {
  /** Whether each term gets a fencing token, for storage that can refuse the late writes of an earlier leader. Default false. */
  readonly fence?: Fence | undefined;
  /**
   * Called at the beginning of each term. The candidate leads on after the returned promise is fulfilled, and resigns if it is
   * rejected. The candidate does not campaign again before the promise has settled.
   */
  readonly onElected?: ((term: TermOf<Fence>) => void | Promise<void>) | undefined;
  /** Called at the end of each term. */
  readonly onDeposed?: ((event: DeposedEvent) => void | Promise<void>) | undefined;
}

/** Who leads, as a quorum of nodes reports it. */
export interface Leader {
  /** The owner label of the leader; null if the leader has none. */
  readonly owner: string | null;
  /** Epoch ms at which the leadership ends unless it is renewed; null if it never ends. */
  readonly until: number | null;
  /** Whether this candidate is the leader. */
  readonly isSelf: boolean;
  /** The fencing token of the leader's term. Known only of this candidate, with `fence: true`. */
  readonly fence?: number;
}

/** A snapshot of an election's state machine. */
export interface ElectionSnapshot {
  readonly value: Exclude<ElectionState, "resigning"> | { readonly resigning: "stopping" | "releasing" };
  readonly context: ElectionContext;
  readonly status: "active" | "done" | "error" | "stopped";
}

/** The XState actor of an election, limited to what an observer needs. */
export interface ElectionActor {
  readonly id: string;
  getSnapshot(): ElectionSnapshot;
  /** Calls `listener` with every snapshot, beginning with the next one. */
  subscribe(listener: (snapshot: ElectionSnapshot) => void): { unsubscribe(): void };
}

/** A candidate for one leadership. The candidate campaigns from the call of `locks.election` until it is closed. */
export interface Election<OwnTerm extends Term = Term> extends AsyncDisposable {
  readonly name: string;
  readonly state: ElectionState;
  /** Whether this candidate leads, and is not about to resign. The clock is asked, not only the state. */
  readonly isLeader: boolean;
  /** The current term, or null. */
  readonly term: OwnTerm | null;
  /** The XState actor, for subscriptions and snapshots. Only the election sends events to the actor. */
  readonly actor: ElectionActor;
  /**
   * Asks the nodes who leads. Null if no quorum of nodes reports the same leader: nobody leads, or too few nodes answered
   * (`locks.inspect(name)` tells these apart).
   */
  leader(): Promise<Leader | null>;
  /**
   * Ends the current term, if there is one, and campaigns again after all other candidates. The signal of the term aborts. The
   * lease is released as soon as the promise of `onElected` has settled, or after the validity that is left now. Resolves
   * when the lease is released; so `onElected` must not wait for this promise, and can call `term.resign()`.
   */
  resign(): Promise<void>;
  /** Resigns, and does not campaign again. Never rejects. */
  close(): Promise<void>;
  on<Name extends keyof ElectionEventMap>(
    name: Name,
    listener: (event: ElectionEventMap[Name]) => void,
  ): this;
  once<Name extends keyof ElectionEventMap>(
    name: Name,
    listener: (event: ElectionEventMap[Name]) => void,
  ): this;
  off<Name extends keyof ElectionEventMap>(
    name: Name,
    listener: (event: ElectionEventMap[Name]) => void,
  ): this;
}
