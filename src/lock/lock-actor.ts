import type { LockContext } from "../machines/lock-context.js";
import type { LockState } from "../machines/lock-state.js";

export type { LockContext };

/** A moment of a lock's chart. */
export interface LockSnapshot {
  /** The state's name; an object where it has substates, as in `{ acquiring: "waiting" }`. */
  readonly value:
    | Exclude<LockState, "acquiring" | "renewing">
    | { readonly acquiring: "queued" | "asking" | "waiting" }
    | { readonly renewing: "asking" | "retrying" };
  readonly context: LockContext;
  readonly status: "active" | "done" | "error" | "stopped";
}

/**
 * The XState actor of a lock, as far as watching it goes. Written by hand: XState's own inferred types would ask
 * every consumer for `skipLibCheck`.
 */
export interface LockActor {
  readonly id: string;
  getSnapshot(): LockSnapshot;
  /** Called with every snapshot from the next on. */
  subscribe(listener: (snapshot: LockSnapshot) => void): { unsubscribe(): void };
}

/** One of XState's inspection events, as its `inspect` option receives them. */
export interface InspectionEvent {
  readonly type: `@xstate.${string}`;
  readonly rootId: string;
  readonly actorRef: object;
}

/** An observer of them. A method, so that one that is typed by XState's own events will do. */
export interface InspectionObserver {
  next?(event: InspectionEvent): void;
}
