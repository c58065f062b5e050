import type { LockCommand } from "../../../engine/protocol/command.js";
import type { LockEvents } from "../../../lock/events.js";
import type { LeaseState } from "../../../lock/lease-state.js";
import type { Lock } from "../../../lock/lock.js";
import type { Program } from "../program.js";

/** A lock that a program created. */
export interface CreatedLock {
  readonly program: Program;
  readonly lock: Lock;
  /** Whether the lock has an `onLost` callback. */
  readonly expectsOnLost: boolean;
}

/** A client that may believe that it holds a lease. */
export interface LeaseHolder {
  readonly name: string;
  readonly resources: readonly string[];
  /** Whether the client believes now, by its own clocks, that the lease is held. The check has no side effects. */
  believes(): boolean;
  /** Whether the lease may be held beside others that share it. Absent: it may not. */
  shares?(): boolean;
}

export interface KnownLeaseHolder extends LeaseHolder, CreatedLock {
  readonly leaseState: LeaseState;
}

export type EventName = keyof LockEvents;
export type EventOf<Name extends EventName> = Parameters<LockEvents[Name]>[0];

/** Checks for one kind of violation. A checker must not change the run that it observes. */
export interface Checker {
  /** Part of each violation that the checker reports. */
  readonly name: string;
  /** A lease begins: of a program under test, or of a foreign client. */
  leaseBegan?(holder: LeaseHolder): void;
  /** A lease of a program under test begins, with this `acquired` event. */
  acquired?(holder: KnownLeaseHolder, event: EventOf<"acquired">): void;
  lockEvent?(created: CreatedLock, name: EventName, acquisition: string): void;
  /** A token was sent to a node for the first time. */
  tokenUsed?(program: Program, token: string): void;
  /** A command was sent to a node. */
  sent?(program: Program, command: LockCommand): void;
  /** No fault and no action has happened for a while; the programs still run. `found`: the keys left on the nodes. */
  quiet?(found: readonly Found[]): void;
  /** A program has closed its locks. */
  closed?(program: Program): void;
}

/** A key that a node stores. */
export interface Found {
  readonly node: string;
  readonly key: string;
  readonly tokenHash: string;
  /** ms. */
  readonly ttlLeft: number;
}

/** What a checker reports to. */
export interface Findings {
  /** Reports a violation. */
  report(what: string): void;
  /** Counts one check, so that a test can detect a checker that never runs. */
  checked(): void;
}
