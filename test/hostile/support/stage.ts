import { createLocks, type Handle, type Lease, type Locks } from "../../../src/index.js";
import { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { type RecordedNode, recordedNode } from "./recorded-node.js";

/** What the calls are tried on: nodes that count, and one of everything that has methods. Time stands still. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly nodes: readonly RecordedNode[];
  readonly locks: Locks;
  /** Idle. */
  readonly handle: Handle;
  readonly lease: Lease;
  /** The handover of another lease. */
  readonly note: string;
  /** How many requests the nodes were sent. */
  readonly asked: number;
}

export async function openStage(): Promise<Stage> {
  const clock = new VirtualClock();
  const nodes = [1, 2, 3].map((n) => recordedNode(`node-${n}`, clock));
  const locks = createLocks({ nodes, clock });
  return {
    clock,
    nodes,
    locks,
    handle: locks.handle("handled"),
    lease: await locks.acquire("leased"),
    note: (await locks.acquire("noted")).handover(),
    get asked() {
      return nodes.reduce((sum, { asked }) => sum + asked, 0);
    },
  };
}
