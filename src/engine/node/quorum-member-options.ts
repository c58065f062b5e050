import type { AsyncContext } from "../../support/async-context.js";
import type { Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";
import type { TickBatcher } from "../time/tick-batcher.js";
import type { ConnectionGuardOptions } from "./connection-guard.js";
import type { Liveness } from "./failure-detector.js";
import type { LockNode } from "./lock-node.js";
import type { KnownServers } from "./server-identity.js";

/** What a quorum member observes about the health of its node. */
export type Observation = Liveness | "connected" | "disconnected" | "forgot" | "remembers";

/** Observes the calls to the nodes. */
export interface CallObserver {
  /** Calls are observed only while this is true. */
  readonly any: boolean;
  /** Makes a call for several callers. Returns a function to be called at the reply, or null. */
  nodeCalled(node: number, callers: readonly AsyncContext[], call: () => void): (() => void) | null;
  /** Called with the ms from a request to a node until its answer. */
  nodeAnswered(node: number, ms: number): void;
}

export interface QuorumMemberOptions {
  /** Distinguishes the member from the others in votes and errors. */
  readonly name: string;
  readonly node: LockNode;
  /** The index of the node in the quorum. */
  readonly index: number;
  readonly clock: Clock;
  readonly batcher: TickBatcher;
  readonly random: Random;
  /** Limit in ms for the node to answer. */
  readonly nodeTimeout: number;
  /** Limit in ms for the node to connect. */
  readonly connectTimeout: number;
  readonly knownServers: KnownServers;
  /** Whether the node is the only one of its set. */
  readonly single: boolean;
  /** Whether the node votes only as long as it remembers what it granted. */
  readonly checksMemory: boolean;
  /** Whether the node votes even if its server hides its identity. */
  readonly admitsNameless: boolean;
  /** Whether an unreferenced member with nothing left to do may be garbage-collected while its node is still in use. */
  readonly collectable: boolean;
  /**
   * `until`: the monotonic time at which a node that lost its memory will vote again; null if the time is not known
   * yet.
   */
  readonly observe: (observation: Observation, cause?: string, until?: number | null) => void;
  readonly callObserver: CallObserver | null;
  /** Whether anything is to be acquired in this quorum. */
  readonly decides: () => boolean;
  /** Called when the identity and the memory of the node's server are known. */
  readonly onIdentified: () => void;
  /** Called when the node votes again, after a time in which it was not sent everything. */
  readonly onVotesAgain: () => void;
  /** Called when the connection is silent and could not be replaced: once, until the node answers. */
  readonly onStuck: ConnectionGuardOptions["onStuck"];
}
