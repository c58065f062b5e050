import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Locks } from "../../src/api/types.js";
import { setInUse } from "../../src/engine/protocol/set-record.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { TestNodes } from "../manager/test-nodes.js";
import { caught } from "./scripted-locks.js";

const ttl = 1_000;
const attempt = { wait: 0, renew: false } as const;

/** The messages of the warnings about other sets that the process emitted. */
let warned: string[];
beforeEach(() => {
  warned = [];
  vi.spyOn(process, "emitWarning").mockImplementation((text, options) => {
    if ((options as { code: string }).code === "MEMBERSHIP_MISMATCH") warned.push(String(text));
  });
});
afterEach(() => vi.restoreAllMocks());

/** Nodes of which the first `used` have memory, and the others are new; managers over given ones of them. */
function changing(size: number, used: number, name: string) {
  const testNodes = new TestNodes(size, name);
  for (const node of testNodes.nodes.slice(used)) node.flush();
  const pick = (indices: readonly number[]) => indices.map((index) => testNodes.node(index));
  let serial = 0;
  const locks = (nodes: number[], previous?: number[], options: Partial<LocksOptions> = {}) =>
    testNodes.locks({
      ttl,
      nodeTimeout: 100,
      owner: `owner-${++serial}`,
      nodes: pick(nodes),
      ...(previous === undefined ? {} : { previous: pick(previous) }),
      ...options,
    });
  const run = <T>(promise: Promise<T>, limit = 400) => testNodes.run(promise, limit);
  const acquire = (by: Locks, resource: string) => run(by.acquire(resource, attempt));
  return { testNodes, locks, run, acquire };
}

describe("rule 1: a set in use whose description is of a later version", () => {
  const later = "v2 *,x,y ";

  it("is not taken for another set", async () => {
    const { testNodes, locks, acquire } = changing(3, 3, "later");
    for (const node of testNodes.nodes) await node.recordSets?.(later, "", 0);
    const lease = await acquire(locks([0, 1, 2]), "a");
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(warned).toEqual([]);
  });

  it.each([later, null])(
    "may have granted what a new node would not know: with %s on a node",
    async (form) => {
      const { testNodes, locks, run } = changing(3, 1, `later-joint-${form === null}`);
      await run(locks([0]).using("first", () => {}));
      if (form !== null) await testNodes.node(0).recordSets?.(form, "", 0);
      const votes = run(locks([0, 1, 2], [0]).acquire("a", attempt), 2_000).then(
        () => true,
        () => false,
      );
      expect(await votes).toBe(form === null);
    },
  );
});

/** The changes of a set that operators make: old and new nodes, by their indices. */
const changes = [
  ["one to three", [0], [0, 1, 2]],
  ["three to five", [0, 1, 2], [0, 1, 2, 3, 4]],
  ["five to three", [0, 1, 2, 3, 4], [0, 1, 2]],
  ["one of three replaced", [0, 1, 2], [0, 1, 3]],
  ["the only node replaced", [0], [1]],
] as const satisfies [string, number[], number[]][];

describe.each(changes)("rule 1: while the nodes are being changed, %s", (name, before, after) => {
  const [old, fresh] = [[...before], [...after]];
  const size = Math.max(...old, ...fresh) + 1;
  const start = () => changing(size, old.length, name.replaceAll(" ", "-"));

  it("the old set and the joint set keep each other out", async () => {
    const { locks, run, acquire } = start();
    const [one, joint] = [locks(old), locks(fresh, old)];
    const lease = await acquire(one, "a");
    expect(await run(joint.tryAcquire("a"))).toBeNull();
    await lease.release();
    await acquire(joint, "a");
    expect(await run(one.tryAcquire("a"))).toBeNull();
    expect(warned).toEqual([]);
  });

  it("the joint set and the new set keep each other out", async () => {
    const { locks, run, acquire } = start();
    await run(locks(old).using("warm", () => {}));
    const [joint, next] = [locks(fresh, old), locks(fresh)];
    const lease = await acquire(joint, "a");
    expect(await run(next.tryAcquire("a"))).toBeNull();
    await run(lease.release());
    await acquire(next, "a");
    expect(await run(joint.tryAcquire("a"))).toBeNull();
  });

  it("new nodes vote at once", async () => {
    const { locks, run, acquire, testNodes } = start();
    await run(locks(old).using("warm", () => {}));
    const joint = locks(fresh, old);
    await acquire(joint, "a");
    await testNodes.clock.advance(200);
    const { nodes } = await run(joint.inspect("a"));
    expect(nodes.map(({ health }) => health)).toEqual(nodes.map(() => "ready"));
  });

  it("a lease is kept through renewals, with a fence above that of the old set, below that of the new set", async () => {
    const { locks, run, testNodes } = start();
    const fenced = { ...attempt, fence: true } as const;
    const first = await run(locks(old).acquire("a", fenced));
    await run(first.release());
    const lease = await run(locks(fresh, old).acquire("a", { wait: 0, fence: true }));
    await testNodes.clock.advance(3 * ttl);
    expect(lease.remaining()).toBeGreaterThan(0);
    await run(lease.release());
    const last = await run(locks(fresh).acquire("a", fenced));
    expect(lease.fence).toBeGreaterThan(first.fence);
    expect(last.fence).toBeGreaterThan(lease.fence ?? Number.POSITIVE_INFINITY);
  });
});

describe("rule 1: a joint set needs a quorum of both", () => {
  it("grants nothing without a quorum of the previous set", async () => {
    const { locks, run, testNodes } = changing(3, 3, "no-old");
    const joint = locks([0, 1, 2], [0]);
    testNodes.node(0).crash();
    expect(await run(caught(joint.acquire("a", attempt)))).toMatchObject({
      code: "QUORUM_UNAVAILABLE",
      message: expect.stringContaining("(a quorum of `nodes` and one of `previous` are needed)"),
    });
  });

  it("grants nothing without a quorum of the new set", async () => {
    const { locks, run, testNodes } = changing(3, 3, "no-new");
    const joint = locks([0, 1, 2], [0]);
    for (const index of [1, 2]) testNodes.node(index).crash();
    expect(await run(caught(joint.acquire("a", attempt)))).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
  });

  it("ends a lease that a quorum of one set has lost", async () => {
    const { locks, run, testNodes } = changing(3, 3, "lost");
    const joint = locks([0, 1, 2], [0]);
    const reasons: string[] = [];
    joint.on("expired", ({ reason }) => reasons.push(reason));
    await run(joint.acquire("a"));
    testNodes.node(0).crash();
    testNodes.node(0).restart();
    await testNodes.clock.advance(3 * ttl);
    expect(reasons).toHaveLength(1);
  });

  it("needs a fence that a quorum of both has accepted", async () => {
    const { locks, run, testNodes } = changing(5, 5, "fences");
    const [old, joint] = [locks([0, 1, 2]), locks([2, 3, 4], [0, 1, 2])];
    const clock = testNodes.clock.wall();
    vi.spyOn(testNodes.clock, "wall").mockReturnValue(clock + 1e9);
    const ahead = await run(old.acquire("a", { ...attempt, fence: true }));
    await run(ahead.release());
    vi.restoreAllMocks();
    const lease = await run(joint.acquire("a", { ...attempt, fence: true }));
    expect(lease.fence).toBeGreaterThan(ahead.fence ?? Number.POSITIVE_INFINITY);
  });
});

describe("rule 9: while the nodes are being changed", () => {
  it("the only node of the previous set abstains after a loss, because it is not alone", async () => {
    const { locks, run, acquire, testNodes } = changing(3, 3, "only");
    const joint = locks([0, 1, 2], [0]);
    await acquire(joint, "a");
    testNodes.node(0).flush();
    expect(await run(caught(locks([0, 1, 2], [0]).acquire("a", attempt)))).toMatchObject({
      code: "QUORUM_UNAVAILABLE",
    });
  });

  it("a node that joined, and then lost its memory, abstains", async () => {
    const { locks, run, acquire, testNodes } = changing(3, 1, "joined");
    await run(locks([0]).using("warm", () => {}));
    await acquire(locks([0, 1, 2], [0]), "a");
    testNodes.node(1).flush();
    const late = locks([0, 1, 2], [0]);
    await acquire(late, "b");
    const { nodes } = await run(late.inspect("b"));
    expect(nodes.map(({ health }) => health)).toEqual(["ready", "quarantined", "ready"]);
  });

  it("new nodes do not vote at once where the new set alone has been in use", async () => {
    const { locks, run, testNodes } = changing(3, 1, "ahead");
    await run(locks([0]).using("warm", () => {}));
    const next = locks([0, 1, 2]);
    await testNodes.run(
      next.using("a", () => {}),
      60_000,
    );
    for (const index of [1, 2]) testNodes.node(index).flush();
    const joint = locks([0, 1, 2], [0]);
    expect(await run(caught(joint.acquire("b", attempt)))).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
  });
});

describe("processes with different sets", () => {
  it("notice each other where the procedure was not followed", async () => {
    const { locks, run, testNodes } = changing(3, 3, "mixed");
    await run(locks([0]).using("a", () => {}));
    const next = locks([0, 1, 2]);
    await run(next.using("a", () => {}));
    await testNodes.clock.advance(200);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatch(
      /^mixed-0 is also used by a set of 1 node, last .* ago, and this set has 3 nodes: /,
    );
  });

  it("are told apart by their nodes, not only by their number", async () => {
    const { locks, run, testNodes } = changing(4, 4, "swapped");
    const one = locks([0, 1, 2]);
    await run(one.using("a", () => {}));
    const other = locks([0, 1, 3]);
    const lease = await run(other.acquire("b"));
    await testNodes.clock.advance(61_000);
    await run(one.using("c", () => {}));
    await testNodes.clock.advance(61_000);
    expect(warned.length).toBeGreaterThan(0);
    await run(lease.release());
  });

  it("are no mismatch if their quorums always share a node", async () => {
    const { locks, run, testNodes } = changing(4, 4, "shared");
    await run(locks([0, 1, 2]).using("a", () => {}));
    await run(locks([0, 1, 2, 3]).using("a", () => {}));
    await testNodes.clock.advance(200);
    expect(warned).toEqual([]);
  });

  it("are no mismatch with different key prefixes", async () => {
    const { locks, run, testNodes } = changing(3, 3, "prefixed");
    await run(locks([0]).using("a", () => {}));
    await run(locks([0, 1, 2], undefined, { prefix: "other:" }).using("a", () => {}));
    await testNodes.clock.advance(200);
    expect(warned).toEqual([]);
  });

  it("are a mismatch after the procedure only if the old set is still in use", async () => {
    const { locks, run, testNodes } = changing(3, 3, "late");
    const old = locks([0]);
    await run(old.using("a", () => {}));
    await run(locks([0, 1, 2], [0]).using("a", () => {}));
    await testNodes.clock.advance(setInUse);
    const next = locks([0, 1, 2]);
    const lease = await run(next.acquire("b"));
    await testNodes.clock.advance(61_000);
    expect(warned).toEqual([]);
    await run(old.using("c", () => {}));
    await testNodes.clock.advance(61_000);
    expect(warned.length).toBeGreaterThan(0);
    await run(lease.release());
  });

  it("are ignored with otherSets: allow", async () => {
    const { locks, run, testNodes } = changing(3, 3, "allowed");
    await run(locks([0]).using("a", () => {}));
    await run(locks([0, 1, 2], undefined, { otherSets: "allow" }).using("a", () => {}));
    await testNodes.clock.advance(200);
    expect(warned).toEqual([]);
  });

  it("are refused with otherSets: refuse, until the other set is no longer in use", async () => {
    const { locks, run, testNodes } = changing(3, 3, "refused");
    await run(locks([0]).using("a", () => {}));
    const next = locks([0, 1, 2], undefined, { otherSets: "refuse" });
    const error = await run(caught(next.acquire("a", attempt)));
    expect(error).toMatchObject({
      code: "MEMBERSHIP_MISMATCH",
      name: "MembershipMismatchError",
      node: "refused-0",
    });
    expect(String(error)).toMatch(/give every process the new `nodes` with the old ones as `previous`/);
    await testNodes.clock.advance(181_000);
    expect(await run(next.using("a", () => "granted"))).toBe("granted");
  });

  it("are no mismatch when a node was restarted", async () => {
    const { locks, run, testNodes } = changing(3, 3, "restarted");
    const [one, other] = [locks([0, 1, 2]), locks([0, 1, 2])];
    for (const by of [one, other]) await run(by.using("a", () => {}));
    testNodes.node(1).crash();
    testNodes.node(1).restart();
    await testNodes.clock.advance(30_000);
    for (const by of [one, other]) await run(by.using("a", () => {}));
    await testNodes.clock.advance(70_000);
    for (const by of [one, other]) await run(by.using("a", () => {}));
    expect(warned).toEqual([]);
  });
});

describe.each([
  ["one to three", [0], [0, 1, 2]],
  ["one of three replaced", [0, 1, 2], [0, 1, 3]],
] as const)("a process that was left out when the nodes were changed, %s", (name, before, after) => {
  const [old, fresh] = [[...before], [...after]];
  const refuse = { otherSets: "refuse" } as const;
  const start = async (by: string) => {
    const nodes = changing(4, before.length, `left-out-${name.replaceAll(" ", "-")}-${by}`);
    await nodes.run(nodes.locks(old).using("a", () => {}));
    await nodes.run(nodes.locks(fresh, old).using("a", () => {}));
    return nodes;
  };

  it("is warned of at once", async () => {
    const { locks, run, testNodes } = await start("warned");
    await run(locks(old).acquire("a"));
    await testNodes.clock.advance(2_500);
    await run(locks(fresh).acquire("b"));
    await testNodes.clock.advance(100);
    expect(warned.length).toBeGreaterThan(0);
  });

  it("and the new set refuse each other", async () => {
    const { locks, run, acquire, testNodes } = await start("refused");
    const straggler = locks(old, undefined, refuse);
    await run(straggler.acquire("a"));
    await testNodes.clock.advance(2_500);
    const next = locks(fresh, undefined, refuse);
    expect(await run(caught(next.acquire("a", attempt)))).toMatchObject({ code: "MEMBERSHIP_MISMATCH" });
    await testNodes.clock.advance(60_500);
    await expect(acquire(straggler, "b")).rejects.toMatchObject({ code: "MEMBERSHIP_MISMATCH" });
  });

  it("refuses once the new set is in use", async () => {
    const { locks, run, testNodes } = await start("second");
    await testNodes.clock.advance(setInUse);
    await run(locks(fresh).acquire("a"));
    const straggler = locks(old, undefined, refuse);
    expect(await run(caught(straggler.acquire("a", attempt)))).toMatchObject({ code: "MEMBERSHIP_MISMATCH" });
  });

  it("learns after an idle time that the new set is in use", async () => {
    const { locks, run, testNodes } = await start("idle");
    const straggler = locks(old, undefined, refuse);
    await run(straggler.using("a", () => {}));
    await testNodes.clock.advance(setInUse);
    await run(locks(fresh).acquire("a"));
    expect(await run(caught(straggler.acquire("a", attempt)))).toMatchObject({ code: "MEMBERSHIP_MISMATCH" });
  });

  it("is no false alarm once no process has used the old nodes alone for a while", async () => {
    const { locks, run, testNodes } = await start("fine");
    await testNodes.clock.advance(setInUse);
    const lease = await run(locks(fresh, undefined, refuse).acquire("a"));
    await testNodes.clock.advance(130_000);
    await run(lease.release());
    expect(warned).toEqual([]);
  });
});

it("a set that is in use has always been recorded lately, whichever of its processes ends", async () => {
  const { locks, run, testNodes } = changing(1, 1, "recorded");
  await run(locks([0]).using("a", () => {}));
  await testNodes.clock.advance(40_000);
  await run(locks([0]).acquire("a"));
  for (let passed = 0; passed < 130_000; passed += 1_000) {
    await testNodes.clock.advance(1_000);
    const { uses } = (await testNodes.node(0).recordSets?.("", "", 0)) ?? { uses: [] };
    expect(uses[0]?.age).toBeLessThan(setInUse);
  }
});

it("a set that is in use is recorded again on a node that has lost its record", async () => {
  const { locks, acquire, testNodes } = changing(1, 1, "restarted-record");
  const by = locks([0]);
  await acquire(by, "a");
  testNodes.node(0).crash();
  testNodes.node(0).restart();
  await testNodes.clock.advance(2_000);
  await acquire(by, "b");
  await testNodes.clock.advance(500);
  const { uses } = (await testNodes.node(0).recordSets?.("", "", 0)) ?? { uses: [] };
  expect(uses).toHaveLength(1);
});

describe("previous is refused before any request", () => {
  const given = (options: (testNodes: TestNodes) => Partial<LocksOptions>) => () => {
    const testNodes = new TestNodes(3, "bad");
    testNodes.locks(options(testNodes));
  };

  it.each([
    ["if it is empty", () => ({ previous: [] }), /previous must be the list of the nodes before the change/],
    [
      "if it has the same nodes",
      ({ nodes }: TestNodes) => ({ previous: [...nodes].reverse() }),
      /previous must be the nodes before the change; it has the same nodes as `nodes`, so leave it out/,
    ],
    [
      "if it names one server twice",
      ({ nodes: [a] }: TestNodes) => ({ previous: [a, a] as never }),
      /previous\[0\] and previous\[1\] are the same server/,
    ],
    ["if it is no list", () => ({ previous: "redis://a" as never }), /previous must be the list/],
    ["if an entry is no node", () => ({ previous: [{} as never] }), /previous\[0\] must be/],
  ])("%s", (_, options, message) => {
    expect(given(options)).toThrow(message);
  });

  it("if otherSets is unknown", () => {
    expect(given(() => ({ otherSets: "maybe" as never }))).toThrow(
      /otherSets must be "warn", "allow" or "refuse"/,
    );
  });
});
