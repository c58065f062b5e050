import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { TestNodes } from "../manager/test-nodes.js";
import { wayTo } from "../support/way-to.js";
import { settle } from "./scripted-locks.js";

const options = { ttl: 10_000, nodeTimeout: 400 } as const;

let warned: string[];
beforeEach(() => {
  warned = [];
  vi.spyOn(process, "emitWarning").mockImplementation((_, given) => {
    warned.push((given as { code: string }).code);
  });
});
afterEach(() => vi.restoreAllMocks());

/** The way of one process to a node: what it asks, and what it is answered, may be kept back. */
function slowWay(node: LockNode) {
  const kept: (() => void)[] = [];
  let keeping: "questions" | "answers" | null = null;
  const over = (what: typeof keeping, pass: () => void) => {
    if (keeping === what) kept.push(pass);
    else pass();
  };
  const way = wayTo(node, {
    identify: (...asked) =>
      new Promise((resolve, reject) => {
        over("questions", () => {
          node.identify(...asked).then((answer) => over("answers", () => resolve(answer)), reject);
        });
      }),
  });
  return {
    way,
    keep: (what: typeof keeping) => {
      keeping = what;
    },
    pass: () => {
      keeping = null;
      for (const go of kept.splice(0)) go();
    },
  };
}

it("a set is not taken for new on answers of which one is older than what the others have lost since", async () => {
  const testNodes = new TestNodes(3);
  for (const node of testNodes.nodes) node.flush();
  const ways = testNodes.nodes.map(slowWay);
  const slow = testNodes.locks({ ...options, owner: "slow", nodes: ways.map(({ way }) => way) });
  const quick = testNodes.locks(options);
  // It has met all nodes, all of them new, and looks: the first one answers; the others are asked later.
  const pending = slow.tryAcquire("a", { renew: false }).catch(() => null);
  ways[0]?.keep("answers");
  ways[1]?.keep("questions");
  ways[2]?.keep("questions");
  await settle();
  // Another process takes the set into use, and one of its nodes is away.
  const warm = await testNodes.run(quick.acquire("warm"), 300);
  await testNodes.run(warm.release());
  testNodes.node(2).flush();
  testNodes.node(2).crash();
  const lease = await testNodes.run(quick.acquire("a", { renew: false }), 300);
  testNodes.node(2).reconnect();
  testNodes.node(1).flush();
  for (const way of ways) way.pass();
  expect(await testNodes.run(pending)).toBeNull();
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(await testNodes.run(slow.tryAcquire("a").catch(() => null))).toBeNull();
});

it("a set that is taken for new has been looked at twice, the second time when all had answered", async () => {
  const testNodes = new TestNodes(3);
  for (const node of testNodes.nodes) node.flush();
  const seen: string[][] = [];
  const nodes = testNodes.nodes.map((node) =>
    wayTo(node, {
      identify: async (...asked) => {
        seen.push([node.name, asked[1] === null ? "asked" : "changed"]);
        const answer = await node.identify(...asked);
        seen.push([node.name, "answered"]);
        return answer;
      },
    }),
  );
  const locks = testNodes.locks({ ...options, nodes });
  await testNodes.run(locks.acquire("a"), 300);
  const change = seen.findIndex(([, what]) => what === "changed");
  // Each was met, and looked at twice.
  expect(seen.slice(0, change).filter(([, what]) => what === "asked")).toHaveLength(9);
  const second = seen.slice(0, change).map(([, what]) => what);
  expect(second.slice(-6)).toEqual(["asked", "asked", "asked", "answered", "answered", "answered"]);
  expect(second.at(-7)).toBe("answered");
  expect(warned).toEqual(["COLD_START"]);
});

it("a set of which one node was given a memory, and nothing was asked of it, waits for a round under way", async () => {
  const testNodes = new TestNodes(3);
  for (const node of testNodes.nodes) node.flush();
  const node = testNodes.node(0);
  const { memory } = await node.identify("first", null);
  const change = { marker: memory?.marker ?? "", abstention: null, longest: 0, watermark: 0 };
  await node.identify("first", change);
  const locks = testNodes.locks(options);
  for (let waited = 0; waited < 4 * options.nodeTimeout; waited += 100) {
    expect(await testNodes.run(locks.tryAcquire("a").catch(() => null))).toBeNull();
    await testNodes.clock.advance(100);
  }
  // Or for what has just been asked of the one that remembers.
  await testNodes.clock.advance(1.02 * options.ttl);
  expect(await testNodes.run(locks.tryAcquire("a"))).not.toBeNull();
  expect(warned).toEqual([]);
});

it("a set is not taken for new, however often it is looked at, while a node says nothing that may remember", async () => {
  const testNodes = new TestNodes(3);
  for (const node of testNodes.nodes.slice(0, 2)) node.flush();
  testNodes.node(2).hang();
  const locks = testNodes.locks(options);
  for (let time = 0; time < 20; time++) {
    expect(await testNodes.run(locks.tryAcquire("a").catch(() => null))).toBeNull();
    await testNodes.clock.advance(500);
  }
  expect(warned).toEqual([]);
});
