import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createLocks, type GroupedLocksOptions, type Lease, type Locks } from "../../src/index.js";
import { holdfast } from "../cli/support/holdfast.js";
import { groupingOption } from "../support/grouping.js";
import { callRedis, type RedisServer } from "../support/servers.js";
import { waitUntil } from "../support/wait-until.js";
import { clients, countKeys, keysOn, ownServers, rejection, uniqueName } from "./support.js";

let servers: RedisServer[];
let prefix: string;
beforeEach(async () => {
  servers = await ownServers(6);
  prefix = uniqueName();
}, 60_000);

const halves = <T>(all: readonly T[]): [T[], T[]] => [all.slice(0, 3), all.slice(3)];
const addresses = () => halves(servers.map(({ url }) => url));

/** Locks over two groups of three servers, as in a process of its own. */
function grouped(options: Partial<GroupedLocksOptions> = {}): Locks {
  const locks = createLocks({ ...groupingOption(), groups: addresses(), prefix, ...options });
  onTestFinished(() => locks.close({ timeout: 500 }));
  return locks;
}

/** The first resource, of "r0", "r1" and so on, that is in the group. */
async function resourceIn(locks: Locks, group: string): Promise<string> {
  for (let index = 0; ; index++) if ((await locks.inspect(`r${index}`)).group === group) return `r${index}`;
}

describe("two groups of three servers", () => {
  it("spread locks, and exclude across processes with other clients and other addresses", async () => {
    const locks = grouped();
    // The same servers under another name, by clients, in another order.
    const [one, two] = halves(servers);
    const other = grouped({
      groups: {
        2: two.map(({ port }) => `redis://localhost:${port}`),
        1: one.map(({ port }) => clients.ioredis(port)).reverse(),
      },
    });
    const resources = Array.from({ length: 60 }, (_, index) => `r${index}`);
    const leases = await Promise.all(resources.map((resource) => locks.acquire(resource)));
    const keys = (await keysOn(servers, prefix)).map((found) => found.length);
    expect((keys[0] ?? 0) + (keys[3] ?? 0)).toBe(60);
    expect(Math.min(...keys)).toBeGreaterThan(15);
    const tries = await Promise.all(resources.map((resource) => other.tryAcquire(resource)));
    expect(tries.filter((lease) => lease !== null)).toEqual([]);
    await Promise.all(leases.map((lease) => lease.release()));
    const later = await Promise.all(resources.map((resource) => other.acquire(resource)));
    await Promise.all(later.map((lease) => lease.release()));
    expect(await countKeys(servers, prefix)).toBe(0);
  });

  it("are inside one at a time where processes contend", async () => {
    const all = [grouped(), grouped(), grouped()];
    const inside = new Set<string>();
    let overlaps = 0;
    const work = async (locks: Locks, resource: string) => {
      for (let turn = 0; turn < 10; turn++) {
        await locks.using(resource, { wait: 30_000 }, async () => {
          if (inside.has(resource)) overlaps++;
          inside.add(resource);
          await sleep(1);
          inside.delete(resource);
        });
      }
    };
    await Promise.all(all.flatMap((locks) => ["r0", "r1", "r2", "r3"].map((name) => work(locks, name))));
    expect(overlaps).toBe(0);
  });

  it("go on in one group while the servers of the other are gone, and hold their leases", async () => {
    const locks = grouped({ ttl: 2_000, nodeTimeout: 500 });
    const [one, two] = [await resourceIn(locks, "1"), await resourceIn(locks, "2")];
    const down: string[] = [];
    locks.on("nodeDown", ({ group, node }) => down.push(`${group} ${node}`));
    const lost: string[] = [];
    locks.on("expired", ({ group }) => lost.push(String(group)));
    const leases: Lease[] = [await locks.acquire(one), await locks.acquire(two)];
    await Promise.all(halves(servers)[1].map((server) => server.stop()));
    await waitUntil("the lease of the group that is gone is lost", 10_000, () => lost.length > 0);
    expect(lost).toEqual(["2"]);
    expect(leases.map((lease) => lease.remaining() > 0)).toEqual([true, false]);
    expect(down.every((text) => text.startsWith("2 redis://"))).toBe(true);
    expect((await rejection(locks.acquire(two, { wait: 0 }))).code).toBe("QUORUM_UNAVAILABLE");
    await leases[0]?.release();
    expect(await locks.using(one, () => "granted")).toBe("granted");
  });

  it("refuse a server that is in both groups by two addresses", async () => {
    const [one, two] = addresses();
    const twin = (one[0] ?? "").replace("127.0.0.1", "localhost");
    const locks = grouped({ groups: [one, [twin, ...two.slice(1)]] });
    expect((await rejection(locks.ready())).code).toBe("DUPLICATE_NODE");
    for (const resource of ["r0", "r1", "r2", "r3"])
      expect((await rejection(locks.acquire(resource))).code).toBe("DUPLICATE_NODE");
    expect(await countKeys(servers, prefix)).toBe(0);
  });

  it("refuse other groups of another process, whatever they lock", async () => {
    const [one, two] = addresses();
    const locks = grouped();
    await locks.using(await resourceIn(locks, "1"), () => {});
    const same = grouped({ groups: [[...one].reverse(), two], otherSets: "refuse" });
    expect(await same.using("r0", () => "granted")).toBe("granted");
    for (const groups of [[two, one], { x: one, y: two }]) {
      const strict = grouped({ groups, otherSets: "refuse" });
      expect((await rejection(strict.acquire("r0"))).code).toBe("MEMBERSHIP_MISMATCH");
      expect((await rejection(strict.acquire("r1"))).code).toBe("MEMBERSHIP_MISMATCH");
    }
    const alone = createLocks({ nodes: two, prefix, otherSets: "refuse" });
    onTestFinished(() => alone.close({ timeout: 500 }));
    expect((await rejection(alone.acquire("r0"))).code).toBe("MEMBERSHIP_MISMATCH");
  });

  it("change the nodes of one group by joint quorums", async () => {
    const [one, two] = addresses();
    const [spare] = await ownServers(1);
    await callRedis(spare?.port ?? 0, ["FLUSHALL"]);
    const after = [one, [...two.slice(0, 2), spare?.url ?? ""]];
    const [old, joint] = [grouped(), grouped({ groups: after, previous: [one, two], otherSets: "refuse" })];
    for (const group of ["1", "2"]) {
      const resource = await resourceIn(old, group);
      const first = await old.acquire(resource, { fence: true });
      expect(await joint.tryAcquire(resource)).toBeNull();
      await first.release();
      const second = await joint.acquire(resource, { fence: true });
      expect(second.fence).toBeGreaterThan(first.fence);
      expect(await old.tryAcquire(resource)).toBeNull();
      await second.release();
    }
    await old.close();
    const next = grouped({ groups: after });
    expect(await next.using(await resourceIn(next, "2"), () => "granted")).toBe("granted");
  });
});

describe("the command line with groups", () => {
  const flags = () => addresses().flatMap((group) => ["--group", group.join(",")]);

  it("runs in the resource's group, and inspects it there", async () => {
    const locks = grouped({ prefix: "" });
    const resource = await resourceIn(locks, "2");
    const lease = await locks.acquire(resource);
    const inspected = JSON.parse((await holdfast(["inspect", resource, ...flags(), "--json"])).stdout);
    expect(inspected).toMatchObject({ group: "2", held: true });
    const run = ["run", "--resource", resource, ...flags(), "--no-wait", "--", "true"];
    expect((await holdfast(run)).code).toBe(75);
    await lease.release();
    expect((await holdfast(run)).code).toBe(0);
    const text = (await holdfast(["inspect", resource, ...flags()])).stdout;
    expect(text).toContain("(group 2)");
    const across = ["run", "--resource", resource, await resourceIn(locks, "1"), ...flags(), "--", "true"];
    const refused = await holdfast(across);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toMatch(/same hash tag/);
  });

  it("diagnoses each group, and what is wrong between them", async () => {
    const [one, two] = addresses();
    await grouped().using("r0", () => {});
    const report = JSON.parse((await holdfast(["doctor", ...flags(), "--prefix", prefix, "--json"])).stdout);
    expect(report.groups.map(({ group }: { group: string }) => group)).toEqual(["1", "2"]);
    expect(JSON.stringify(report.groups[0].set)).toContain("3 nodes as group 1 of the groups");
    expect(report.across).toEqual([]);
    await grouped({ groups: [two, one] }).using("r0", () => {});
    const mixed = await holdfast(["doctor", ...flags(), "--prefix", prefix]);
    expect(mixed.stdout).toMatch(/^group 1$[\s\S]*sets: .* as group 2 [\s\S]*same groups[\s\S]*^group 2$/m);
    const twin = (one[0] ?? "").replace("127.0.0.1", "localhost");
    const twice = ["--group", one.join(","), "--group", [twin, ...two.slice(1)].join(",")];
    const { code, stdout } = await holdfast(["doctor", ...twice, "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).across).toMatchObject([{ code: "duplicate", severity: "error" }]);
    expect((await holdfast(["doctor", ...flags(), "--wait", "1s"])).stderr).toMatch(
      /one set of nodes.*--node/,
    );
  });
});
