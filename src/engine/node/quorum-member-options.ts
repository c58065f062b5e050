import type { Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";
import type { TickBatcher } from "../time/tick-batcher.js";
import type { ConnectionGuardOptions } from "./connection-guard.js";
import type { Liveness } from "./failure-detector.js";
import type { LockNode } from "./lock-node.js";
import type { KnownServers } from "./server-identity.js";

/** What a seat notices about its node's health. */
export type Observation = Liveness | "connected" | "disconnected" | "forgot" | "remembers";

export interface QuorumMemberOptions {
  /** Tells it apart from the others in votes and errors. */
  readonly name: string;
  readonly node: LockNode;
  readonly clock: Clock;
  readonly batcher: TickBatcher;
  readonly random: Random;
  /** ms that a node may take to answer. */
  readonly nodeTimeout: number;
  /** ms that a node may take to connect. */
  readonly connectTimeout: number;
  readonly knownServers: KnownServers;
  /** Whether it votes only as long as it remembers what it granted. */
  readonly checksMemory: boolean;
  /** Whether it votes also where its server hides who it is. */
  readonly admitsNameless: boolean;
  /** Whether it may be collected while its node lives on, if nobody refers to it and it has nothing left to do. */
  readonly collectable: boolean;
  /** `until`: the monotonic time at which a node that forgot will vote again, null if nobody can tell yet. */
  readonly observe: (observation: Observation, cause?: string, until?: number | null) => void;
  /** Whether anybody wants to know how long the node takes to answer. */
  readonly measures: () => boolean;
  /** ms from a request to its answer. */
  readonly measured: (ms: number) => void;
  /** Whether anything is to be acquired here. */
  readonly decides: () => boolean;
  /** It is known who the node's server is, and what it remembers. */
  readonly onIdentified: () => void;
  /** Its connection is silent, and could not be replaced. Told once until it answers. */
  readonly onStuck: ConnectionGuardOptions["onStuck"];
}
