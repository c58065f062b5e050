import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FencedLease, Locks } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { FenceLog } from "./fence-log.js";
import { SkewedClock } from "./skewed-clock.js";

const hour = 3_600_000;
const ttl = 1_000;

type End = "release" | "lapse" | "adopt";

/** A step of a run. Processes and nodes are numbers, resources are names, times are in ms. */
type Action =
  | readonly ["lease", process: number, resources: readonly string[], end: End]
  | readonly ["crash" | "hang" | "comeBack" | "forget", node: number]
  | readonly ["step", process: number, by: number]
  | readonly ["wait" | "pass", ms: number];

/** Processes whose clocks are hours apart, on nodes of which a minority may be unavailable. */
class FaultyNodes {
  readonly fenceLog = new FenceLog();
  readonly #testNodes: TestNodes;
  readonly #clocks: readonly SkewedClock[];
  readonly #processes: readonly Locks[];
  readonly #away = new Set<number>();
  #isLearning = false;

  constructor(nodes: number, offsets: readonly number[]) {
    this.#testNodes = new TestNodes(nodes);
    this.#clocks = offsets.map((ahead) => new SkewedClock(this.#testNodes.clock, ahead));
    this.#processes = this.#clocks.map((clock, nth) =>
      this.#testNodes.locks({ clock, owner: `process-${nth}`, ttl, nodeTimeout: 100, wait: 3 * ttl }),
    );
  }

  async do(action: Action): Promise<void> {
    switch (action[0]) {
      case "lease":
        return this.#lease(action[1], action[2], action[3]);
      case "crash":
      case "hang":
        return this.#leave(action[1], action[0]);
      case "forget":
        return this.#forget(action[1]);
      case "comeBack":
        return this.#comeBack(action[1]);
      case "step":
        return this.#clocks[action[1]]?.step(action[2]);
      case "wait":
        return this.#testNodes.clock.advance(action[1]);
      case "pass":
        // One jump: timers of the processes are irrelevant while no lease is held.
        this.#testNodes.clock.stall(action[1]);
        return this.#testNodes.clock.advance(1);
    }
  }

  async end(): Promise<void> {
    for (const locks of this.#processes) await this.#testNodes.run(locks.close({ timeout: 100 }));
  }

  /** Acquires and ends a lease. The acquisition may fail while nodes are unavailable. */
  async #lease(process: number, resources: readonly string[], end: End): Promise<void> {
    const lease = await this.#attempt(
      this.#process(process).acquire(resources, { fence: true, renew: false }),
    );
    if (lease === null) return;
    this.fenceLog.note(resources, lease.fence);
    if (end === "release") await this.#testNodes.run(lease.release());
    if (end === "adopt") {
      // The adopting process has not seen the fence.
      const heir = this.#process(process + 1);
      const adopted = await this.#attempt(heir.adopt(lease.handover(), { fence: true, renew: false }));
      if (adopted !== null) this.fenceLog.note(resources, adopted.fence);
    }
    if (end !== "release") await this.#testNodes.clock.advance(2 * ttl);
  }

  /** Makes a node unavailable if only a minority is unavailable then. */
  #leave(nth: number, how: "crash" | "hang"): void {
    const { nodes } = this.#testNodes;
    const node = nth % nodes.length;
    if (this.#isLearning || this.#away.has(node) || this.#away.size >= Math.ceil(nodes.length / 2) - 1)
      return;
    this.#away.add(node);
    this.#testNodes.node(node)[how]();
  }

  /** Restarts a node without its memory. Only one node at a time loses its memory. */
  async #forget(nth: number): Promise<void> {
    const node = nth % this.#testNodes.nodes.length;
    if (this.#isLearning || this.#away.has(node)) return;
    this.#isLearning = true;
    await this.#lease(nth, ["a"], "release");
    this.#testNodes.node(node).restart();
    await this.#lease(nth + 1, ["a"], "release");
    await this.#learn(nth);
  }

  /** Ends the learning phase once all nodes are available and the restarted node has had the time to vote again. */
  async #learn(nth: number): Promise<void> {
    if (!this.#isLearning || this.#away.size > 0) return;
    await this.#testNodes.clock.advance(4 * ttl);
    await this.#lease(nth, ["b"], "release");
    this.#isLearning = false;
  }

  /** Makes a node available again, with its memory. */
  async #comeBack(nth: number): Promise<void> {
    const node = nth % this.#testNodes.nodes.length;
    if (!this.#away.delete(node)) return;
    const found = this.#testNodes.node(node);
    if (found.connection === "down") found.restart({ keepMemory: true });
    else found.wake();
    await this.#learn(nth);
  }

  #process(nth: number): Locks {
    const locks = this.#processes[nth % this.#processes.length];
    if (locks === undefined) throw new Error("there are no processes");
    return locks;
  }

  #attempt(acquisition: Promise<FencedLease>): Promise<FencedLease | null> {
    return this.#testNodes.run(acquisition.catch(() => null));
  }
}

const process = fc.nat({ max: 2 });
const node = fc.nat({ max: 4 });
const resources = fc.subarray(["a", "b", "c"], { minLength: 1 });
const end = fc.constantFrom("release" as const, "release" as const, "lapse" as const, "adopt" as const);
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("lease" as const), process, resources, end) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("crash" as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("hang" as const), node) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("comeBack" as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("forget" as const), node) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("step" as const), process, fc.integer({ min: -48 * hour, max: hour })),
  },
  // Up to two days, after which the fence records have expired.
  { weight: 1, arbitrary: fc.tuple(fc.constant("pass" as const), fc.integer({ min: 1, max: 48 * hour })) },
);

describe("fences", () => {
  it("grow from lease to lease of each resource, with any unavailable minority and any clocks", async () => {
    let leases = 0;
    const testNodes = fc.tuple(
      fc.constantFrom(3, 5),
      fc.array(fc.integer({ min: -48 * hour, max: 48 * hour }), { minLength: 3, maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(
        testNodes,
        fc.array(anyAction, { minLength: 10, maxLength: 40 }),
        async ([nodes, offsets], actions) => {
          const faulty = new FaultyNodes(nodes, offsets);
          for (const action of actions) await faulty.do(action);
          expect(faulty.fenceLog.wrong).toEqual([]);
          leases += faulty.fenceLog.leases;
          await faulty.end();
        },
      ),
      { numRuns: 40 },
    );
    expect(leases).toBeGreaterThan(200);
  }, 120_000);

  it("never repeat or decrease in thousands of leases of processes whose clocks are hours apart", async () => {
    const faulty = new FaultyNodes(3, [0, 9 * hour, -9 * hour]);
    for (let nth = 0; nth < 2_000; nth++) {
      if (nth % 100 === 0) await faulty.do(["crash", nth / 100]);
      if (nth % 100 === 50) {
        await faulty.do(["comeBack", (nth - 50) / 100]);
        // The node may abstain until the leases that it may have lost are over.
        await faulty.do(["wait", 3 * ttl]);
      }
      if (nth % 500 === 0) await faulty.do(["step", nth % 3, -hour]);
      await faulty.do(["lease", nth % 3, ["a"], "release"]);
    }
    expect(faulty.fenceLog.wrong).toEqual([]);
    expect(faulty.fenceLog.leases).toBe(2_000);
    await faulty.end();
  }, 120_000);
});
