import { type ClassicLock, type Lock, Redlock } from "../../../src/redlock.js";
import { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { type RecordedNode, recordedNode } from "./recorded-node.js";

/** What the calls of the Redlock class are tried on: nodes that count, and a held lock of each of its three kinds. */
export interface RedlockStage {
  readonly nodes: readonly RecordedNode[];
  readonly redlock: Redlock;
  /** As in redlock 4, redlock 5 and node-redlock. */
  readonly former: ClassicLock;
  readonly modern: Lock;
  readonly plain: Lock;
  readonly asked: number;
}

export async function openRedlockStage(): Promise<RedlockStage> {
  const clock = new VirtualClock();
  const nodes = [1, 2, 3].map((n) => recordedNode(`node-${n}`, clock));
  const redlock = new Redlock(nodes, { clock, retryCount: 0 });
  const plain = await redlock.acquireLock("plain", 60_000);
  if (plain === null) throw new Error("nobody else could hold it");
  return {
    nodes,
    redlock,
    former: await redlock.lock("former", 60_000),
    modern: await redlock.acquire(["modern"], 60_000),
    plain,
    get asked() {
      return nodes.reduce((sum, { asked }) => sum + asked, 0);
    },
  };
}
