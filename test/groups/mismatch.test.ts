import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Locks } from "../../src/api/types.js";
import type { MemoryNode } from "../../src/clients/memory/memory-node.js";
import { setInUse } from "../../src/engine/protocol/set-record.js";
import type { GroupedLocksOptions } from "../../src/lock/options.js";
import { caught } from "../safety/scripted-locks.js";
import { GroupNodes } from "./group-nodes.js";

/** The messages of the warnings about other sets that the process emitted. */
let warned: string[];
beforeEach(() => {
  warned = [];
  vi.spyOn(process, "emitWarning").mockImplementation((text, options) => {
    const { code, detail } = options as { code: string; detail: string };
    if (code === "MEMBERSHIP_MISMATCH") warned.push(`${text} ${detail}`);
  });
});
afterEach(() => vi.restoreAllMocks());

/** Locks of both kinds over the same nodes. */
function start(name: string, count = 2) {
  const nodes = new GroupNodes(count, name);
  const use = async (locks: Locks, resource: string) => {
    await nodes.run(locks.using(resource, () => {}));
    await nodes.clock.advance(200);
  };
  return {
    nodes,
    use,
    groups: nodes.groups as [typeof nodes.nodes, typeof nodes.nodes, ...(typeof nodes.nodes)[]],
  };
}

describe("processes with the same groups", () => {
  it("are no mismatch, in any order of names and nodes", async () => {
    const { nodes, use, groups } = start("same");
    const [a, b] = groups;
    await use(nodes.grouped({ groups: { x: a, y: b } }), "r");
    await use(nodes.grouped({ groups: { y: [...b].reverse(), x: a } }), "r");
    await use(nodes.grouped({ groups: { y: b, x: a } }), "q");
    expect(warned).toEqual([]);
  });

  it("are no mismatch when a node was restarted", async () => {
    const { nodes, use } = start("restarted");
    const [one, other] = [nodes.grouped(), nodes.grouped()];
    for (const locks of [one, other]) await use(locks, "r");
    nodes.node(1).crash();
    nodes.node(1).restart();
    await nodes.clock.advance(61_000);
    for (const locks of [one, other]) await use(locks, "r");
    expect(warned).toEqual([]);
  });

  it("are no mismatch with other groups under another key prefix", async () => {
    const { nodes, use, groups } = start("prefixed");
    await use(nodes.grouped(), "r");
    await use(nodes.grouped({ groups: [groups[1], groups[0]], prefix: "other:" }), "r");
    await use(nodes.locks({ nodes: groups[0], prefix: "third:" }), "r");
    expect(warned).toEqual([]);
  });
});

describe("processes that disagree about the groups notice it, whatever they lock", () => {
  /** What the second process has in place of the groups 1 and 2. */
  type Other = (one: ReturnType<typeof start>) => Locks;
  const others: readonly (readonly [string, Other, RegExp])[] = [
    [
      "the list in another order",
      ({ nodes, groups: [a, b] }) => nodes.grouped({ groups: [b, a] }),
      /as group 1 of the groups (\w{8}).* as group 2 of the groups \1/,
    ],
    [
      "other names",
      ({ nodes, groups: [a, b] }) => nodes.grouped({ groups: { x: a, y: b } }),
      /as group 1 of the groups.* as group x of the groups/,
    ],
    [
      "one group more",
      ({ nodes, groups: [a, b] }) => nodes.grouped({ groups: [a, b, nodes.pick(6, 7, 8)] }),
      /as group 1 of the groups/,
    ],
    [
      "one set of the nodes of a group",
      ({ nodes, groups: [a] }) => nodes.locks({ nodes: a }),
      /this set has 3 nodes: with other groups/,
    ],
    [
      "one set of all nodes",
      ({ nodes }) => nodes.locks({ nodes: nodes.pick(0, 1, 2, 3, 4, 5) }),
      /this set has 6 nodes: with other groups/,
    ],
  ];

  it.each(others)("with %s", async (name, make, message) => {
    const one = start(`other-${name.replaceAll(" ", "-")}`, 3);
    const [first, second] = [one.nodes.grouped({ groups: one.groups.slice(0, 2) }), make(one)];
    await one.use(first, "r");
    await one.use(second, "q");
    expect(warned.length).toBeGreaterThan(0);
    expect(warned[0]).toMatch(message);
    expect(warned[0]).toMatch(/ask different nodes for the same lock.*Give all processes the same groups/);
  });

  it("with otherSets: refuse, in every group, until the others have not been in use for three minutes", async () => {
    const { nodes, use, groups } = start("refused");
    const old = nodes.locks({ nodes: groups[0] });
    await use(old, "r");
    const strict = nodes.grouped({ otherSets: "refuse" });
    const inOther = await nodes.resourceIn(strict, "2");
    const error = await nodes.run(caught(strict.acquire(inOther, { wait: 0 })));
    expect(error).toMatchObject({ code: "MEMBERSHIP_MISMATCH", node: "refused-0" });
    await nodes.clock.advance(181_000);
    expect(await nodes.run(strict.using(inOther, () => "granted"))).toBe("granted");
  });

  it("records its use of all groups as long as it uses one", async () => {
    const { nodes, groups } = start("idle");
    const busy = nodes.grouped();
    const lease = await nodes.run(busy.acquire(await nodes.resourceIn(busy, "2")));
    await nodes.clock.advance(400_000);
    const late = nodes.locks({ nodes: groups[0] });
    await nodes.run(late.using("r", () => {}));
    await nodes.clock.advance(200);
    expect(warned.length).toBeGreaterThan(0);
    await nodes.run(lease.release());
  });

  it("is not held up by a group that does not answer, unless other sets are refused", async () => {
    const { nodes } = start("hung");
    const found = nodes.grouped();
    const resource = await nodes.resourceIn(found, "1");
    for (const node of nodes.pick(3, 4, 5)) node.hang();
    const timeOf = async (options: Partial<GroupedLocksOptions>) => {
      const begun = nodes.clock.monotonic();
      await nodes.run(nodes.grouped({ connectTimeout: 2_000, ...options }).using(resource, () => {}));
      return nodes.clock.monotonic() - begun;
    };
    expect(await timeOf({})).toBeLessThan(100);
    const strict = await timeOf({ otherSets: "refuse" });
    expect(strict).toBeGreaterThanOrEqual(100);
    expect(strict).toBeLessThan(2_500);
  });
});

describe("processes with other nodes in one of the groups", () => {
  it("notice it on the nodes of the groups that they share, while both are in use", async () => {
    const { nodes, groups } = start("moved", 3);
    const [a, b] = groups;
    const one = nodes.grouped({ groups: [a, b] });
    const other = nodes.grouped({ groups: [a, nodes.pick(6, 7, 8)] });
    const leases = [await nodes.run(one.acquire("r")), await nodes.run(other.acquire("q"))];
    await nodes.clock.advance(150_000);
    expect(warned.length).toBeGreaterThan(0);
    expect(warned[0]).toMatch(
      /in group 2, they have different nodes, and a quorum of the one need not share/,
    );
    for (const lease of leases) await nodes.run(lease.release());
  });

  it("are no mismatch when a node of another group was restarted", async () => {
    const { nodes } = start("elsewhere");
    const [one, other] = [nodes.grouped(), nodes.grouped({ owner: "other" })];
    const leases = [await nodes.run(one.acquire("r")), await nodes.run(other.acquire("q"))];
    for (const index of [0, 4, 5]) {
      nodes.node(index).crash();
      await nodes.clock.advance(1_000);
      nodes.node(index).restart({ keepMemory: true });
      await nodes.clock.advance(90_000);
    }
    expect(warned).toEqual([]);
    for (const lease of leases) await nodes.run(lease.release());
  });

  it("refuse in every group, with otherSets: refuse", async () => {
    const { nodes, groups } = start("moved-refused", 3);
    const [a, b] = groups;
    const one = nodes.grouped({ groups: [a, b] });
    const strict = nodes.grouped({ groups: [a, nodes.pick(6, 7, 8)], otherSets: "refuse" });
    const held = await nodes.run(one.acquire("r"));
    const lease = await nodes.run(strict.acquire("q"));
    await nodes.clock.advance(150_000);
    for (const group of ["1", "2"]) {
      const resource = await nodes.resourceIn(strict, group, "late");
      const error = await nodes.run(caught(strict.acquire(resource, { wait: 0 })));
      expect(error).toMatchObject({ code: "MEMBERSHIP_MISMATCH" });
    }
    for (const each of [held, lease]) await nodes.run(each.release());
  });
});

describe("a change of the nodes of a group", () => {
  it("needs a quorum of both sets in that group, and keeps the other group as it is", async () => {
    const { nodes, use, groups } = start("changed", 3);
    const [a, b] = groups;
    const after = [a, [b[0], b[1], nodes.node(6)]] as never;
    const [old, joint] = [
      nodes.grouped({ groups: [a, b] }),
      nodes.grouped({ groups: after, previous: [a, b] }),
    ];
    const [one, two] = [await nodes.resourceIn(old, "1"), await nodes.resourceIn(old, "2")];
    for (const resource of [one, two]) {
      const lease = await nodes.run(old.acquire(resource));
      expect(await nodes.run(joint.tryAcquire(resource))).toBeNull();
      await nodes.run(lease.release());
    }
    await use(joint, two);
    expect((await nodes.run(joint.inspect(two))).nodes.map(({ node }) => node)).toEqual(
      [3, 4, 6, 5].map((index) => `changed-${index}`),
    );
    await nodes.clock.advance(setInUse);
    const next = nodes.grouped({ groups: after });
    const lease = await nodes.run(joint.acquire(two));
    expect(await nodes.run(next.tryAcquire(two))).toBeNull();
    await nodes.run(lease.release());
    expect(warned).toEqual([]);
  });
});

/** The same server by another client. */
const renamed = (node: MemoryNode, name: string): MemoryNode =>
  new Proxy(node, {
    get(target, key) {
      const value: unknown = key === "name" ? name : Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

it("changes of the nodes of two groups at once are no mismatch", async () => {
  const { nodes, use, groups } = start("both", 3);
  const [a, b] = groups;
  const after = [
    [...a.slice(0, 2), nodes.node(6)],
    [...b.slice(1), nodes.node(7)],
  ];
  const old = nodes.grouped({ groups: [a, b] });
  const joint = nodes.grouped({ groups: after, previous: [a, b] });
  for (const locks of [old, joint])
    for (const resource of ["r0", "r1", "r2", "r3"]) await use(locks, resource);
  const lease = await nodes.run(joint.acquire("r0"));
  await nodes.clock.advance(setInUse);
  const next = nodes.grouped({ groups: after });
  for (const resource of ["r1", "r2", "r3"]) await use(next, resource);
  await nodes.clock.advance(70_000);
  expect(warned).toEqual([]);
  await nodes.run(lease.release());
});

it("a server in two groups is refused in both", async () => {
  const nodes = new GroupNodes(2, "twice");
  const [a, b] = nodes.groups as [typeof nodes.nodes, typeof nodes.nodes];
  const twin = renamed(nodes.node(0), "twin");
  const locks = nodes.grouped({ groups: [a, [twin, ...b.slice(1)]] });
  expect(await nodes.run(caught(locks.ready()))).toMatchObject({ code: "DUPLICATE_NODE" });
  for (const group of ["1", "2"]) {
    const resource = await nodes.resourceIn(locks, group);
    const error = await nodes.run(caught(locks.acquire(resource, { wait: 0 })));
    expect(error).toMatchObject({ code: "DUPLICATE_NODE" });
  }
});
