import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { World } from "../manager/world.js";
import { wayTo } from "../support/way-to.js";
import { settle } from "./world.js";

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
  const world = new World(3);
  for (const node of world.nodes) node.flush();
  const ways = world.nodes.map(slowWay);
  const slow = world.locks({ ...options, owner: "slow", nodes: ways.map(({ way }) => way) });
  const quick = world.locks(options);
  // It has met all nodes, all of them new, and looks: the first one answers; the others are asked later.
  const pending = slow.tryAcquire("a", { renew: false }).catch(() => null);
  ways[0]?.keep("answers");
  ways[1]?.keep("questions");
  ways[2]?.keep("questions");
  await settle();
  // Another process takes the set into use, and one of its nodes is away.
  const warm = await world.run(quick.acquire("warm"), 300);
  await world.run(warm.release());
  world.node(2).flush();
  world.node(2).crash();
  const lease = await world.run(quick.acquire("a", { renew: false }), 300);
  world.node(2).reconnect();
  world.node(1).flush();
  for (const way of ways) way.pass();
  expect(await world.run(pending)).toBeNull();
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(await world.run(slow.tryAcquire("a").catch(() => null))).toBeNull();
});

it("a set that is taken for new has been looked at twice, the second time when all had answered", async () => {
  const world = new World(3);
  for (const node of world.nodes) node.flush();
  const seen: string[][] = [];
  const nodes = world.nodes.map((node) =>
    wayTo(node, {
      identify: async (...asked) => {
        seen.push([node.name, asked[1] === null ? "asked" : "changed"]);
        const answer = await node.identify(...asked);
        seen.push([node.name, "answered"]);
        return answer;
      },
    }),
  );
  const locks = world.locks({ ...options, nodes });
  await world.run(locks.acquire("a"), 300);
  const change = seen.findIndex(([, what]) => what === "changed");
  // Each was met, and looked at twice.
  expect(seen.slice(0, change).filter(([, what]) => what === "asked")).toHaveLength(9);
  const second = seen.slice(0, change).map(([, what]) => what);
  expect(second.slice(-6)).toEqual(["asked", "asked", "asked", "answered", "answered", "answered"]);
  expect(second.at(-7)).toBe("answered");
  expect(warned).toEqual(["COLD_START"]);
});

it("a set of which one node was given a memory, and nothing was asked of it, waits for a round under way", async () => {
  const world = new World(3);
  for (const node of world.nodes) node.flush();
  const node = world.node(0);
  const { memory } = await node.identify("first", null);
  const change = { marker: memory?.marker ?? "", abstention: null, longest: 0, watermark: 0 };
  await node.identify("first", change);
  const locks = world.locks(options);
  for (let waited = 0; waited < 4 * options.nodeTimeout; waited += 100) {
    expect(await world.run(locks.tryAcquire("a").catch(() => null))).toBeNull();
    await world.clock.advance(100);
  }
  // Or for what has just been asked of the one that remembers.
  await world.clock.advance(1.02 * options.ttl);
  expect(await world.run(locks.tryAcquire("a"))).not.toBeNull();
  expect(warned).toEqual([]);
});

it("a set is not taken for new, however often it is looked at, while a node says nothing that may remember", async () => {
  const world = new World(3);
  for (const node of world.nodes.slice(0, 2)) node.flush();
  world.node(2).hang();
  const locks = world.locks(options);
  for (let time = 0; time < 20; time++) {
    expect(await world.run(locks.tryAcquire("a").catch(() => null))).toBeNull();
    await world.clock.advance(500);
  }
  expect(warned).toEqual([]);
});
