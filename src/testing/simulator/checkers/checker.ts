import type { LockCommand } from "../../../engine/protocol/command.js";
import type { LockEvents } from "../../../lock/events.js";
import type { LeaseState } from "../../../lock/lease-state.js";
import type { Lock } from "../../../lock/lock.js";
import type { Program } from "../program.js";

/** A lock that a program has made. */
export interface Made {
  readonly program: Program;
  readonly lock: Lock;
  /** Whether its user asks to be called when its lease is lost. */
  readonly calls: boolean;
}

/** Who may think that it holds something. */
export interface LeaseHolder {
  readonly name: string;
  readonly resources: readonly string[];
  /** Whether it would say so itself at this moment of true time, by its own clocks; does not disturb it. */
  believes(): boolean;
}

export interface KnownLeaseHolder extends LeaseHolder, Made {
  readonly leaseState: LeaseState;
}

export type EventName = keyof LockEvents;
export type EventOf<Name extends EventName> = Parameters<LockEvents[Name]>[0];

/** Looks for one kind of violation. None of these may disturb what it looks at. */
export interface Checker {
  /** Shown with its violations. */
  readonly name: string;
  /** A lease, or somebody else's lock, begins. */
  begins?(holder: LeaseHolder): void;
  /** The same for our own; `event` is what was told. */
  acquired?(holder: KnownLeaseHolder, event: EventOf<"acquired">): void;
  heard?(made: Made, name: EventName, acquisition: string): void;
  /** Something was asked of a node under this token, for the first time. */
  asked?(program: Program, token: string): void;
  /** A node was sent this. */
  sent?(program: Program, command: LockCommand): void;
  /** It is all over but for what was left behind: nothing was disturbed for a while, programs still run. */
  settled?(found: readonly Found[]): void;
  /** A program has closed its locks. */
  left?(program: Program): void;
}

/** A key that a node has. */
export interface Found {
  readonly node: string;
  readonly key: string;
  readonly tokenHash: string;
  /** ms. */
  readonly ttlLeft: number;
}

/** Where a checker says what it does. */
export interface Findings {
  /** It has found something that must not be. */
  report(what: string): void;
  /** It has looked once: a checker that never looks finds nothing. */
  looked(): void;
}
