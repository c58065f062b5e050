import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FencedLease, Locks } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { FenceLog } from "./fence-log.js";
import { SkewedClock } from "./skewed-clock.js";

const hour = 3_600_000;
const ttl = 1_000;

type End = "release" | "lapse" | "adopt";

/** What happens. Processes and nodes go by their numbers, resources by their names, times are in ms. */
type Deed =
  | readonly ["lease", process: number, resources: readonly string[], end: End]
  | readonly ["crash" | "hang" | "comeBack" | "forget", node: number]
  | readonly ["step", process: number, by: number]
  | readonly ["wait" | "pass", ms: number];

/** Processes whose clocks are hours apart, on nodes of which a minority may be away. */
class Troubled {
  readonly sentViews = new FenceLog();
  readonly #testNodes: TestNodes;
  readonly #clocks: readonly SkewedClock[];
  readonly #processes: readonly Locks[];
  readonly #away = new Set<number>();
  #isLearning = false;

  constructor(nodes: number, aheads: readonly number[]) {
    this.#testNodes = new TestNodes(nodes);
    this.#clocks = aheads.map((ahead) => new SkewedClock(this.#testNodes.clock, ahead));
    this.#processes = this.#clocks.map((clock, nth) =>
      this.#testNodes.locks({ clock, owner: `process-${nth}`, ttl, nodeTimeout: 100, wait: 3 * ttl }),
    );
  }

  async do(action: Deed): Promise<void> {
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
        // In one go: what processes do by the clock while nothing is held is not what this is about.
        this.#testNodes.clock.stall(action[1]);
        return this.#testNodes.clock.advance(1);
    }
  }

  async end(): Promise<void> {
    for (const locks of this.#processes) await this.#testNodes.run(locks.close({ timeout: 100 }));
  }

  /** It may fail while nodes are away. */
  async #lease(process: number, resources: readonly string[], end: End): Promise<void> {
    const lease = await this.#attempt(
      this.#process(process).acquire(resources, { fence: true, renew: false }),
    );
    if (lease === null) return;
    this.sentViews.note(resources, lease.fence);
    if (end === "release") await this.#testNodes.run(lease.release());
    if (end === "adopt") {
      // By a process that has no reason to know of the fence.
      const heir = this.#process(process + 1);
      const adopted = await this.#attempt(heir.adopt(lease.handover(), { fence: true, renew: false }));
      if (adopted !== null) this.sentViews.note(resources, adopted.fence);
    }
    if (end !== "release") await this.#testNodes.clock.advance(2 * ttl);
  }

  /** Only a minority is away at a time. */
  #leave(nth: number, how: "crash" | "hang"): void {
    const { nodes } = this.#testNodes;
    const node = nth % nodes.length;
    if (this.#isLearning || this.#away.has(node) || this.#away.size >= Math.ceil(nodes.length / 2) - 1)
      return;
    this.#away.add(node);
    this.#testNodes.node(node)[how]();
  }

  /** It comes back empty, one at a time. */
  async #forget(nth: number): Promise<void> {
    const node = nth % this.#testNodes.nodes.length;
    if (this.#isLearning || this.#away.has(node)) return;
    this.#isLearning = true;
    await this.#lease(nth, ["a"], "release");
    this.#testNodes.node(node).restart();
    await this.#lease(nth + 1, ["a"], "release");
    await this.#learn(nth);
  }

  /** Nobody else leaves until all are there, and the one that forgot has had the time to learn from them. */
  async #learn(nth: number): Promise<void> {
    if (!this.#isLearning || this.#away.size > 0) return;
    await this.#testNodes.clock.advance(4 * ttl);
    await this.#lease(nth, ["b"], "release");
    this.#isLearning = false;
  }

  /** With what it remembers. */
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
const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("lease" as const), process, resources, end) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("crash" as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("hang" as const), node) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("comeBack" as const), node) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("forget" as const), node) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("step" as const), process, fc.integer({ min: -48 * hour, max: hour })),
  },
  // Up to two days, after which no record is left.
  { weight: 1, arbitrary: fc.tuple(fc.constant("pass" as const), fc.integer({ min: 1, max: 48 * hour })) },
);

describe("fences", () => {
  it("grow from lease to lease of each resource, whoever is away, and whatever the clocks say", async () => {
    let leases = 0;
    const testNodes = fc.tuple(
      fc.constantFrom(3, 5),
      fc.array(fc.integer({ min: -48 * hour, max: 48 * hour }), { minLength: 3, maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(
        testNodes,
        fc.array(anyDeed, { minLength: 10, maxLength: 40 }),
        async ([nodes, aheads], actions) => {
          const troubled = new Troubled(nodes, aheads);
          for (const action of actions) await troubled.do(action);
          expect(troubled.sentViews.wrong).toEqual([]);
          leases += troubled.sentViews.leases;
          await troubled.end();
        },
      ),
      { numRuns: 40 },
    );
    expect(leases).toBeGreaterThan(200);
  }, 120_000);

  it("neither repeat nor step back in thousands of leases that processes hours apart take in turn", async () => {
    const troubled = new Troubled(3, [0, 9 * hour, -9 * hour]);
    for (let nth = 0; nth < 2_000; nth++) {
      if (nth % 100 === 0) await troubled.do(["crash", nth / 100]);
      if (nth % 100 === 50) {
        await troubled.do(["comeBack", (nth - 50) / 100]);
        // It may abstain until the leases are over that it may have forgotten.
        await troubled.do(["wait", 3 * ttl]);
      }
      if (nth % 500 === 0) await troubled.do(["step", nth % 3, -hour]);
      await troubled.do(["lease", nth % 3, ["a"], "release"]);
    }
    expect(troubled.sentViews.wrong).toEqual([]);
    expect(troubled.sentViews.leases).toBe(2_000);
    await troubled.end();
  }, 120_000);
});
