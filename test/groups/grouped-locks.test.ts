import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import type { Handle, Lease, Locks } from "../../src/api/types.js";
import { createLocks } from "../../src/create-locks.js";
import { isHoldfastError } from "../../src/errors.js";
import { Rendezvous } from "../../src/groups/rendezvous.js";
import type { GroupedLocksOptions } from "../../src/lock/options.js";
import { listen } from "../manager/test-nodes.js";
import { caught } from "../safety/scripted-locks.js";
import { GroupNodes } from "./group-nodes.js";

const attempt = { wait: 0, renew: false } as const;

async function started(options: Partial<GroupedLocksOptions> = {}, count = 2) {
  const nodes = new GroupNodes(count);
  const locks = nodes.grouped(options);
  const [one, two] = [await nodes.resourceIn(locks, "1"), await nodes.resourceIn(locks, "2")];
  return { nodes, locks, one, two };
}

describe("locks of several groups", () => {
  it("keep each resource in one group", async () => {
    const { nodes, locks, one, two } = await started();
    await nodes.run(locks.acquire(one, attempt));
    await nodes.run(locks.acquire(two, attempt));
    expect(await nodes.holders(one)).toEqual([true, true, true, false, false, false]);
    expect(await nodes.holders(two)).toEqual([false, false, false, true, true, true]);
  });

  it("hold an election in the group of its name", async () => {
    const { nodes, locks, two } = await started();
    const election = locks.election(two);
    await nodes.run(new Promise<void>((elected) => election.on("elected", () => elected())));
    expect(await nodes.holders(two)).toEqual([false, false, false, true, true, true]);
    await nodes.run(election.close());
    expect(await nodes.holders(two)).toEqual([false, false, false, false, false, false]);
  });

  it("exclude each other, in every way to acquire", async () => {
    const { nodes, locks, one } = await started();
    const other = nodes.grouped({ owner: "other" });
    const lease = await nodes.run(locks.acquire(one));
    expect(await nodes.run(other.tryAcquire(one))).toBeNull();
    expect(await nodes.run(caught(other.using(one, attempt, () => 1)))).toMatchObject({
      code: "LOCK_CONTENDED",
    });
    expect(await nodes.run(caught(other.handle(one).acquire(attempt)))).toMatchObject({
      code: "LOCK_CONTENDED",
    });
    await nodes.run(lease.release());
    expect(await nodes.run(other.using(one, () => "mine"))).toBe("mine");
  });

  it("hand over and adopt in the resource's group", async () => {
    const { nodes, locks, two } = await started();
    const note = (await nodes.run(locks.acquire(two))).handover();
    const adopted = await nodes.run(nodes.grouped().adopt(note));
    expect(adopted.resources).toEqual([two]);
    expect(await nodes.holders(two)).toEqual([false, false, false, true, true, true]);
    await nodes.run(adopted.release());
  });

  it("give fences that grow", async () => {
    const { nodes, locks, two } = await started();
    const fences: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const lease = await nodes.run(locks.acquire(two, { fence: true }));
      fences.push(lease.fence);
      await nodes.run(lease.release());
    }
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
    expect(new Set(fences).size).toBe(3);
  });

  it("choose the group by the whole key", async () => {
    const nodes = new GroupNodes();
    const [plain, prefixed] = [nodes.grouped(), nodes.grouped({ prefix: "app:" })];
    for (let index = 0; index < 20; index++) {
      const { group } = await nodes.run(prefixed.inspect(`r${index}`));
      expect(group).toBe((await nodes.run(plain.inspect(`app:r${index}`))).group);
      expect(group).toBe(new Rendezvous(["1", "2"]).choose(`app:r${index}`));
    }
  });

  it("go on in one group while another is down", async () => {
    const { nodes, locks, one, two } = await started();
    await nodes.run(locks.using(one, () => {}));
    for (const node of nodes.pick(3, 4, 5)) node.crash();
    expect(await nodes.run(locks.using(one, () => "granted"))).toBe("granted");
    expect(await nodes.run(caught(locks.acquire(two, attempt)))).toMatchObject({
      code: "QUORUM_UNAVAILABLE",
    });
    for (const node of nodes.pick(3, 4, 5)) node.restart({ keepMemory: true });
    expect(await nodes.run(locks.using(two, () => "granted"))).toBe("granted");
  });

  it("start in one group while another is down", async () => {
    const nodes = new GroupNodes();
    for (const node of nodes.pick(3, 4, 5)) node.crash();
    const resource = await resourceOf("1");
    const before = nodes.clock.monotonic();
    expect(await nodes.run(nodes.grouped().using(resource, () => "granted"))).toBe("granted");
    expect(nodes.clock.monotonic() - before).toBeLessThan(100);
  });
});

/** A resource of a group, found without asking the nodes. */
async function resourceOf(group: string): Promise<string> {
  const nodes = new GroupNodes();
  return nodes.resourceIn(nodes.grouped(), group);
}

describe("several resources at once", () => {
  it("are acquired if a hash tag puts them in one group", async () => {
    const { nodes, locks } = await started();
    for (let user = 0; user < 20; user++) {
      const pair = [`{user:${user}}:a`, `{user:${user}}:b`];
      const lease = await nodes.run(locks.acquire(pair, attempt));
      expect(lease.resources).toEqual(pair);
      await nodes.run(lease.release());
    }
  });

  it("are refused before any request if they are in several groups", async () => {
    const { nodes, locks, one, two } = await started();
    const calls: Promise<unknown>[] = [
      locks.acquire([one, two]),
      locks.tryAcquire([two, one]),
      locks.using([one, two], () => {}),
    ];
    for (const call of calls) {
      const error = await caught(call);
      expect(error).toMatchObject({ code: "INVALID_OPTION", option: "resources" });
      expect(String(error)).toMatch(
        /one group of nodes .*in group [12], .*in group [12]\).*same hash tag.*"\{order:7\}:stock"/,
      );
    }
    expect(() => locks.handle([one, two])).toThrow(/same hash tag/);
    expect(await nodes.holders(one)).not.toContain(true);
  });

  it("are refused with an example of each group, however many there are", async () => {
    const { locks, one, two } = await started();
    const many = Array.from({ length: 20 }, (_, index) => `{${one}}:${index}`);
    const error = await caught(locks.acquire([...many, two]));
    expect(String(error)).toContain(`({${one}}:0 in group 1, ${two} in group 2)`);
  });

  it.each([[[]], [[7]], [["a", 7]], [["a", "a"]], [""], [null], [undefined], [["\ud800"]]])(
    "case %#: what is no resource is refused as without groups",
    async (resources) => {
      const { nodes, locks } = await started();
      const ungrouped = nodes.locks();
      const [error, expected] = await Promise.all(
        [locks, ungrouped].map((by) => caught(by.acquire(resources as never))),
      );
      expect(error).toMatchObject({ code: "INVALID_OPTION" });
      expect(String(error)).toBe(String(expected));
    },
  );
});

describe("events of several groups", () => {
  it("say which group they are of, and reach each listener once", async () => {
    const { nodes, locks, one, two } = await started();
    const events = listen(locks);
    let onced = 0;
    locks.once("acquired", () => onced++);
    for (const resource of [one, two]) await nodes.run(locks.using(resource, () => {}));
    nodes.node(4).crash();
    await nodes.run(locks.using(two, () => {}));
    const seen = events.map(({ name, event }) => `${name} ${event.group} ${event.resources ?? event.node}`);
    expect(seen).toEqual([
      ...["acquiring", "acquired", "released"].map((name) => `${name} 1 ${one}`),
      ...["acquiring", "acquired", "released"].map((name) => `${name} 2 ${two}`),
      "nodeDown 2 node-4",
      ...["acquiring", "acquired", "released"].map((name) => `${name} 2 ${two}`),
    ]);
    expect(onced).toBe(1);
  });

  it("are no longer heard by a listener that was removed", async () => {
    const { nodes, locks, one } = await started();
    let heard = 0;
    const listener = () => heard++;
    locks.on("acquired", listener).off("acquired", listener);
    await nodes.run(locks.using(one, () => {}));
    expect(heard).toBe(0);
  });

  it("are logged once", async () => {
    const lines: string[] = [];
    const log = (fields: object, message: string) => {
      lines.push(`${message} ${(fields as { group?: string }).group}`);
    };
    const { nodes, locks, two } = await started({ logger: { debug: log, info: log, warn: log, error: log } });
    await nodes.run(locks.using(two, () => {}));
    expect(lines).toEqual(["holdfast: acquiring 2", "holdfast: acquired 2", "holdfast: released 2"]);
  });

  it("of a handle are of its own lock", async () => {
    const { nodes, locks, two } = await started();
    const handle = locks.handle(two);
    const states: string[] = [];
    handle.on("acquired", () => states.push(handle.state));
    const lease = await nodes.run(handle.acquire());
    expect(states).toEqual(["held"]);
    await nodes.run(lease.release());
  });
});

describe("all groups together", () => {
  it("are ready when every node is", async () => {
    const { nodes, locks } = await started();
    await nodes.run(locks.ready());
    for (const node of nodes.pick(1, 5)) node.crash();
    const late = nodes.grouped();
    const error = await nodes.run(caught(late.ready({ timeout: 500 })));
    expect(error).toMatchObject({ code: "NODES_NOT_READY", nodes: 6, timeout: 500 });
    expect((error as unknown as { votes: { node: string }[] }).votes.map(({ node }) => node)).toEqual([
      "node-1",
      "node-5",
    ]);
  });

  it("are inspected by the resource's group", async () => {
    const { nodes, locks, two } = await started();
    await nodes.run(locks.acquire(two, attempt));
    const { group, held, nodes: reports } = await nodes.run(locks.inspect(two));
    expect({ group, held, nodes: reports.map(({ node }) => node) }).toEqual({
      group: "2",
      held: true,
      nodes: ["node-3", "node-4", "node-5"],
    });
  });

  it("are closed together: leases are released, and nothing more is acquired", async () => {
    const { nodes, locks, one, two } = await started();
    const leases = [await nodes.run(locks.acquire(one)), await nodes.run(locks.acquire(two))];
    const events = listen(locks);
    await nodes.run(locks.close());
    expect(leases.map(({ signal }) => isHoldfastError(signal.reason, "MANAGER_CLOSED"))).toEqual([
      true,
      true,
    ]);
    expect(events.map(({ name }) => name)).toEqual(["released", "released"]);
    for (const resource of [one, two]) {
      expect(await nodes.holders(resource)).not.toContain(true);
      expect(await caught(locks.acquire(resource))).toMatchObject({ code: "MANAGER_CLOSED" });
    }
  });

  it("are closed at the end of their block", async () => {
    const { nodes, locks, one } = await started();
    await nodes.run(Promise.resolve(locks[Symbol.asyncDispose]()));
    expect(await caught(locks.inspect(one))).toMatchObject({ code: "MANAGER_CLOSED" });
  });
});

describe("one group", () => {
  it("is the same as `nodes`, whatever its name", async () => {
    const nodes = new GroupNodes(1);
    const [grouped, plain] = [nodes.grouped({ groups: { eu: nodes.nodes } }), nodes.locks()];
    await nodes.run(grouped.acquire("a", attempt));
    expect(await nodes.run(plain.tryAcquire("a"))).toBeNull();
    const inspection = await nodes.run(grouped.inspect("a"));
    expect(inspection).not.toHaveProperty("group");
    const lease = await nodes.run(grouped.acquire(["b", "c"]));
    expect(lease.resources).toEqual(["b", "c"]);
  });
});

describe("groups by name", () => {
  it("choose the same group whatever the order, and as a list with those names", async () => {
    const nodes = new GroupNodes(3);
    const [a, b, c] = nodes.groups as [typeof nodes.nodes, typeof nodes.nodes, typeof nodes.nodes];
    const all = [
      nodes.grouped({ groups: [a, b, c] }),
      nodes.grouped({ groups: { 3: c, 1: a, 2: b } }),
      nodes.grouped({ groups: { 2: [...b].reverse(), 3: c, 1: a } }),
    ];
    for (let index = 0; index < 30; index++) {
      const groups = await Promise.all(all.map((locks) => nodes.run(locks.inspect(`r${index}`))));
      expect(new Set(groups.map(({ group }) => group)).size).toBe(1);
    }
  });
});

describe("the types of groups", () => {
  it("are those of locks", () => {
    const { groups } = new GroupNodes();
    const locks = createLocks({ groups });
    onTestFinished(() => locks.close({ timeout: 0 }));
    expectTypeOf(locks).toEqualTypeOf<Locks>();
    expectTypeOf(locks.handle("a")).toEqualTypeOf<Handle<Lease>>();
    // @ts-expect-error: either nodes or groups.
    expect(() => createLocks({ groups, nodes: groups[0] })).toThrow();
    // @ts-expect-error: a list of lists.
    expect(() => createLocks({ groups: groups[0] })).toThrow();
    // @ts-expect-error: one of both.
    expect(() => createLocks({ ttl: 1_000 })).toThrow();
  });
});
