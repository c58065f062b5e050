import type { LockMachineEvent } from "../machines/lock-events.js";
import type { Alarm } from "./lock-timer.js";
import type { Surroundings } from "./manager-context.js";
import type { Announcer } from "./notifier.js";
import type { Outbox } from "./outbox.js";

/** What the two halves of a lock's life, the pursuit and the tenure, share. */
export interface LockParts {
  readonly ground: Surroundings;
  readonly resources: readonly string[];
  readonly keys: readonly string[];
  readonly alarm: Alarm;
  readonly announcer: Announcer;
  /** For what users are to hear. */
  readonly outbox: Outbox;
  /** Delivers what is told outside a step of the chart. */
  deliver(tell: () => void): void;
  /** Tells the chart. */
  send(event: LockMachineEvent): void;
}
