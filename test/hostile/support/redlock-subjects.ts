import { type ClassicLock, type Lock, Redlock } from "../../../src/redlock.js";
import { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { type RecordedNode, recordedNode } from "./recorded-node.js";

/** The objects on which the calls of the Redlock class are tried: counting nodes, and a held lock of each of three kinds. */
export interface RedlockSubjects {
  readonly nodes: readonly RecordedNode[];
  readonly redlock: Redlock;
  /** Locks as in redlock 4, redlock 5 and node-redlock. */
  readonly redlock4: ClassicLock;
  readonly redlock5: Lock;
  readonly nodeRedlock: Lock;
  readonly asked: number;
}

export async function createRedlockSubjects(): Promise<RedlockSubjects> {
  const clock = new VirtualClock();
  const nodes = [1, 2, 3].map((n) => recordedNode(`node-${n}`, clock));
  const redlock = new Redlock(nodes, { clock, retryCount: 0 });
  const nodeRedlock = await redlock.acquireLock("nodeRedlock", 60_000);
  if (nodeRedlock === null) throw new Error("the lock was not acquired");
  return {
    nodes,
    redlock,
    redlock4: await redlock.lock("redlock4", 60_000),
    redlock5: await redlock.acquire(["redlock5"], 60_000),
    nodeRedlock,
    get asked() {
      return nodes.reduce((sum, { asked }) => sum + asked, 0);
    },
  };
}
