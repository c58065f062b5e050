import type { LockContext } from "../machines/lock-context.js";
import type { LockState } from "../machines/lock-state.js";

export type { LockContext };

/** A snapshot of a lock's state machine. */
export interface LockSnapshot {
  /** The state's name, or an object for a state with substates, such as `{ acquiring: "waiting" }`. */
  readonly value:
    | Exclude<LockState, "acquiring" | "renewing" | "upgrading">
    | { readonly acquiring: "queued" | "asking" | "waiting" }
    | { readonly renewing: "asking" | "retrying" }
    | { readonly upgrading: "asking" | "waiting" | "renewing" };
  readonly context: LockContext;
  readonly status: "active" | "done" | "error" | "stopped";
}

/**
 * The XState actor of a lock, limited to what an observer needs. The type is written by hand, because XState's inferred
 * types would require `skipLibCheck` of every consumer.
 */
export interface LockActor {
  readonly id: string;
  getSnapshot(): LockSnapshot;
  /** Calls `listener` with every snapshot, beginning with the next one. */
  subscribe(listener: (snapshot: LockSnapshot) => void): { unsubscribe(): void };
}

/** An inspection event of XState, as its `inspect` option receives it. */
export interface InspectionEvent {
  readonly type: `@xstate.${string}`;
  readonly rootId: string;
  readonly actorRef: object;
}

/** An observer of inspection events. `next` is a method, so that observers typed by XState's own events are assignable. */
export interface InspectionObserver {
  next?(event: InspectionEvent): void;
}
