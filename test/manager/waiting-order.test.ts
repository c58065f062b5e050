import { describe, expect, it } from "vitest";
import { breadth } from "../support/breadth.js";
import { Contention } from "./contention.js";
import { settle, TestNodes } from "./test-nodes.js";

const twenty = Array.from({ length: 20 }, (_, index) => index);
const seeds = Array.from({ length: breadth(6, 12) }, (_, index) => index + 1);
/** ms: a release, a message and a request take up to 26 ms, and a reservation for a missing waiter takes 50 ms. */
const maxPromptGap = 60;
/** ms: a split vote that only hung nodes could decide ends after 50 ms, or twice the time in which they usually answer. */
const maxHungGap = 150;

type Disturbance = (contention: Contention) => void;
const disturbances: readonly (readonly [string, Disturbance])[] = [
  ["nothing happens", () => {}],
  ["a node is down", ({ nodes }) => nodes[0]?.crash()],
  [
    "a node restarts without its memory, again and again",
    ({ nodes, clock }) => {
      for (let at = 50; at < 900; at += 200) clock.after(at, () => nodes[0]?.restart());
    },
  ],
  [
    "a node disconnects and reconnects",
    ({ nodes, clock }) => {
      for (let at = 50; at < 900; at += 100) {
        clock.after(at, () => nodes[0]?.crash());
        clock.after(at + 50, () => nodes[0]?.restart({ keepMemory: true }));
      }
    },
  ],
];

describe("callers that wait for a lock", () => {
  it.each([1, 3, 5])("are served in order of arrival across processes: %i nodes", async (size) => {
    const testNodes = new TestNodes(size);
    const { clock } = testNodes;
    const processes = Array.from({ length: 5 }, (_, index) => testNodes.locks({ owner: `process-${index}` }));
    const held = await testNodes.run(testNodes.locks().acquire("a"));
    const order: number[] = [];
    const waits = [];
    for (const index of twenty) {
      const locks = processes[(index * 3 + Math.floor(index / 7)) % 5];
      waits.push(locks?.using("a", async () => void order.push(index)));
      await clock.advance(1);
    }
    await held.release();
    await testNodes.run(Promise.all(waits), 500);
    expect(order).toEqual(twenty);
  });

  it("are served by the clocks of their processes: one whose clock is behind comes earlier by that much", async () => {
    const testNodes = new TestNodes();
    const { clock } = testNodes;
    const held = await testNodes.run(testNodes.locks().acquire("a"));
    const order: string[] = [];
    const use = (name: string) =>
      testNodes.locks({ owner: name }).using("a", async () => void order.push(name));
    const waits = [use("level")];
    await clock.advance(1_000);
    clock.stepWall(-10_000);
    waits.push(use("behind"));
    await clock.advance(1_000);
    await held.release();
    await testNodes.run(Promise.all(waits), 500);
    expect(order).toEqual(["behind", "level"]);
  });

  it("are served in order of arrival within one process, without pauses", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const held = await testNodes.run(locks.acquire("a"));
    const order: number[] = [];
    const waits = twenty.map((index) => locks.using("a", async () => void order.push(index)));
    await settle();
    await held.release();
    const before = testNodes.clock.monotonic();
    await testNodes.run(Promise.all(waits), 100);
    expect(order).toEqual(twenty);
    expect(testNodes.clock.monotonic() - before).toBeLessThanOrEqual(5);
  });

  it.each(disturbances)(
    "keep their order without delays when messages take time: %s",
    async (_, disturb) => {
      for (const size of [3, 5]) {
        for (const seed of seeds) {
          const contention = new Contention({ seed, size });
          const open = await contention.begin();
          for (const index of twenty) {
            contention.addCaller(index);
            await contention.clock.advance(1);
          }
          await contention.clock.advance(500);
          open();
          disturb(contention);
          await contention.end();
          const { order, gaps } = contention;
          expect({ seed, size, order, slowest: Math.max(...gaps) }).toMatchObject({ order: twenty });
          expect({ seed, size, gaps: gaps.filter((gap) => gap > maxPromptGap) }).toEqual({
            seed,
            size,
            gaps: [],
          });
        }
      }
    },
    120_000,
  );

  it("go on in order when a minority hangs, however long the node timeout is", async () => {
    for (const [size, hung] of [
      [3, 1],
      [5, 1],
      [5, 2],
    ] as const) {
      for (const seed of seeds) {
        const contention = new Contention({ seed, size, nodeTimeout: 2_000 });
        const open = await contention.begin();
        for (const index of twenty) {
          contention.addCaller(index);
          await contention.clock.advance(1);
        }
        await contention.clock.advance(500);
        open();
        await contention.clock.advance(contention.chance() * 200);
        for (const node of contention.nodes.slice(0, hung)) node.hang();
        await contention.end();
        const { order, gaps } = contention;
        expect({ seed, size, order }).toEqual({ seed, size, order: twenty });
        expect({ seed, size, gaps: gaps.filter((gap) => gap > maxHungGap) }).toEqual({
          seed,
          size,
          gaps: [],
        });
      }
    }
  }, 120_000);

  it.each(disturbances)(
    "do not block each other when they all ask for a free lock at the same time: %s",
    async (_, disturb) => {
      for (const size of [2, 3, 4, 5]) {
        for (const seed of seeds) {
          const contention = new Contention({ seed, size });
          const open = await contention.begin();
          open();
          await contention.clock.advance(100);
          // With two nodes, both are needed.
          if (size > 2) disturb(contention);
          for (const index of twenty) contention.addCaller(index, index % 5);
          await contention.end();
          const { order, gaps } = contention;
          const [first = 0, ...others] = gaps;
          expect([...order].sort((a, b) => a - b)).toEqual(twenty);
          // The lock had been free for 100 ms. Split votes between the callers can delay the first grant.
          expect(first).toBeLessThan(100 + 2 * maxPromptGap);
          expect({ seed, size, gaps: others.filter((gap) => gap > maxPromptGap) }).toEqual({
            seed,
            size,
            gaps: [],
          });
        }
      }
    },
    120_000,
  );
});
