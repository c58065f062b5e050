import {
  createLocks,
  type Election,
  type Handle,
  type Lease,
  type Locks,
  type Semaphore,
} from "../../../src/index.js";
import { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { type RecordedNode, recordedNode } from "./recorded-node.js";

/** The objects on which the calls are tried: counting nodes, and one of each object with methods. Time does not advance. */
export interface Subjects {
  readonly clock: VirtualClock;
  readonly nodes: readonly RecordedNode[];
  readonly locks: Locks;
  /** An idle handle. */
  readonly handle: Handle;
  readonly lease: Lease;
  /** The election "elected", whose leader is its candidate. */
  readonly election: Election;
  /** A semaphore with three permits. */
  readonly semaphore: Semaphore;
  /** The handover note of another lease. */
  readonly note: string;
  /** The number of calls to the nodes. */
  readonly asked: number;
}

export async function createSubjects(): Promise<Subjects> {
  const clock = new VirtualClock();
  const nodes = [1, 2, 3].map((n) => recordedNode(`node-${n}`, clock));
  const locks = createLocks({ nodes, clock });
  const election = locks.election("elected");
  await new Promise<void>((resolve) => election.once("elected", () => resolve()));
  return {
    clock,
    nodes,
    locks,
    handle: locks.handle("handled"),
    election,
    semaphore: locks.semaphore("shared", { permits: 3 }),
    lease: await locks.acquire("leased"),
    note: (await locks.acquire("noted")).handover(),
    get asked() {
      return nodes.reduce((sum, { asked }) => sum + asked, 0);
    },
  };
}
