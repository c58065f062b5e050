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

/** The path of one process to a node. The test may hold back its requests and the answers. */
function slowPath(node: LockNode) {
  const heldBack: (() => void)[] = [];
  let holding: "questions" | "answers" | null = null;
  const over = (what: typeof holding, pass: () => void) => {
    if (holding === what) heldBack.push(pass);
    else pass();
  };
  const path = wayTo(node, {
    identify: (...asked) =>
      new Promise((resolve, reject) => {
        over("questions", () => {
          node.identify(...asked).then((answer) => over("answers", () => resolve(answer)), reject);
        });
      }),
  });
  return {
    path,
    holdBack: (what: typeof holding) => {
      holding = what;
    },
    pass: () => {
      holding = null;
      for (const go of heldBack.splice(0)) go();
    },
  };
}

it("a set does not count as new when one answer is older than a later loss of memory on the other nodes", async () => {
  const testNodes = new TestNodes(3);
  for (const node of testNodes.nodes) node.flush();
  const paths = testNodes.nodes.map(slowPath);
  const slow = testNodes.locks({ ...options, owner: "slow", nodes: paths.map(({ path }) => path) });
  const quick = testNodes.locks(options);
  // The slow process has identified all nodes as new and reviews them again. Only the first node answers now.
  const pending = slow.tryAcquire("a", { renew: false }).catch(() => null);
  paths[0]?.holdBack("answers");
  paths[1]?.holdBack("questions");
  paths[2]?.holdBack("questions");
  await settle();
  // Another process starts to use the set while one of its nodes is down.
  const warm = await testNodes.run(quick.acquire("warm"), 300);
  await testNodes.run(warm.release());
  testNodes.node(2).flush();
  testNodes.node(2).crash();
  const lease = await testNodes.run(quick.acquire("a", { renew: false }), 300);
  testNodes.node(2).reconnect();
  testNodes.node(1).flush();
  for (const path of paths) path.pass();
  expect(await testNodes.run(pending)).toBeNull();
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(await testNodes.run(slow.tryAcquire("a").catch(() => null))).toBeNull();
});

it("a set counts as new after two reviews, the second after all answers to the first", async () => {
  const testNodes = new TestNodes(3, "new");
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
  // Each node was identified once and then reviewed twice.
  expect(seen.slice(0, change).filter(([, what]) => what === "asked")).toHaveLength(9);
  const second = seen.slice(0, change).map(([, what]) => what);
  expect(second.slice(-6)).toEqual(["asked", "asked", "asked", "answered", "answered", "answered"]);
  expect(second.at(-7)).toBe("answered");
  expect(warned).toEqual(["COLD_START"]);
});

it("a set with one node that has an unused memory waits for a round that may be in progress", async () => {
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
  // The set also waits for the requests that the node with a memory has just received.
  await testNodes.clock.advance(1.02 * options.ttl);
  expect(await testNodes.run(locks.tryAcquire("a"))).not.toBeNull();
  expect(warned).toEqual([]);
});

it("a set does not count as new after any number of reviews while an unresponsive node may have a memory", async () => {
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

it("a set whose memory the process knew is warned of, also after the warning that it was new", async () => {
  const testNodes = new TestNodes(3, "known");
  for (const node of testNodes.nodes) node.flush();
  const locks = testNodes.locks(options);
  for (let round = 0; round < 3; round++) {
    await testNodes.run(
      locks.using("a", () => {}),
      300,
    );
    for (const node of testNodes.nodes) node.flush();
  }
  await testNodes.run(
    locks.using("a", () => {}),
    300,
  );
  expect(warned).toEqual(["COLD_START", "MEMORY_LOST"]);
});

it("a set that is emptied again and again, as by a test suite, is warned of once", async () => {
  const testNodes = new TestNodes(3, "emptied");
  for (let round = 0; round < 3; round++) {
    for (const node of testNodes.nodes) node.flush();
    const locks = testNodes.locks(options);
    await testNodes.run(
      locks.using("a", () => {}),
      300,
    );
    await testNodes.run(locks.close());
  }
  expect(warned).toEqual(["COLD_START"]);
});
