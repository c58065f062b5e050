import type { Redis } from "ioredis";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { setInUse } from "../../src/engine/protocol/set-record.js";
import { giveMemory } from "../support/memory.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { Fleet } from "./changing-fleet.js";
import { clients, locksOf, rejection, strayErrors, timed, uniqueName } from "./support.js";

/** The changes that operators make: old and new nodes, by their indices. */
const changes = [
  ["one to three", [0], [0, 1, 2]],
  ["three to five", [0, 1, 2], [0, 1, 2, 3, 4]],
  ["five to three", [0, 1, 2, 3, 4], [0, 1, 2]],
  ["one of three replaced", [0, 1, 2], [0, 1, 3]],
] as const;

/** The codes of the process warnings that were emitted. */
let warned: string[];
beforeEach(() => {
  warned = [];
  const emit = vi.spyOn(process, "emitWarning").mockImplementation((_, options) => {
    warned.push((options as { code: string }).code);
  });
  onTestFinished(() => emit.mockRestore());
});

/** Servers of which the first `used` have a memory, and the others are new. */
async function serversOf(count: number, used: number): Promise<RedisServer[]> {
  const servers = await startAll(Array.from({ length: count }, () => () => startServer()));
  onTestFinished(() => stopAll(servers));
  await Promise.all(servers.slice(0, used).map(({ port }) => giveMemory(port)));
  return servers;
}

describe.each(changes)("the nodes are changed under load by the procedure, %s", (_, old, next) => {
  const servers = () => serversOf(Math.max(...old, ...next) + 1, old.length);

  it("without an overlap, a lost lease, a repeated fence or a warning", async () => {
    const strays = strayErrors();
    const fleet = new Fleet((await servers()).map(({ port }) => port));
    await fleet.moveTo({ nodes: old });
    await fleet.moveTo({ nodes: next, previous: old });
    await fleet.pass(setInUse);
    await fleet.moveTo({ nodes: next });
    await fleet.end();
    const { turns, overlaps, lost, errors } = fleet;
    expect({ overlaps, lost, errors, warned, strays }).toEqual({
      ...{ overlaps: 0, lost: [], errors: [], warned: [], strays: [] },
    });
    expect(turns).toBeGreaterThan(0);
  });

  it("and the new nodes vote within a second", async () => {
    const ports = (await servers()).map(({ port }) => port);
    const shared = ports.map((port) => clients.ioredis(port));
    const pick = (indices: readonly number[]) => indices.map((index) => shared[index] as never);
    const prefix = uniqueName();
    await locksOf(pick(old) as never, { prefix }).using("warm", () => {});
    const joint = locksOf(pick(next) as never, { prefix, previous: pick(old) });
    const all = new Set([...old, ...next]).size;
    const { ms, slack } = await timed(() =>
      vi.waitFor(
        async () => {
          await joint.using("warm", () => {});
          const { nodes } = await joint.inspect("warm");
          expect(nodes.map(({ health }) => health)).toEqual(Array(all).fill("ready"));
        },
        { timeout: 30_000, interval: 20 },
      ),
    );
    expect(ms - slack).toBeLessThan(1_000);
    expect(warned).toEqual([]);
  });
});

describe("processes with one node and with three, without the procedure", () => {
  const sides = async (otherSets: "warn" | "refuse") => {
    const ports = (await serversOf(3, 3)).map(({ port }) => port);
    const prefix = uniqueName();
    const one = locksOf([clients.ioredis(ports[0] as number)], { prefix });
    const three = locksOf(ports.map((port) => clients.nodeRedis(port)) as never, { prefix, otherSets });
    return { one, three };
  };

  it("are warned of at once", async () => {
    const { one, three } = await sides("warn");
    await one.using("a", () => {});
    await three.using("a", () => {});
    await vi.waitFor(() => expect(warned).toEqual(["MEMBERSHIP_MISMATCH"]), { timeout: 20_000 });
  });

  it("refuse with otherSets: refuse, also if both follow from one change of the nodes", async () => {
    const ports = (await serversOf(3, 1)).map(({ port }) => port);
    const prefix = uniqueName();
    const [a] = ports as [number];
    const shared = ports.map((port) => clients.ioredis(port)) as never as [Redis];
    const refuse = { prefix, otherSets: "refuse" } as const;
    await locksOf([shared[0]], { prefix }).using("a", () => {});
    await locksOf(shared, { prefix, previous: [shared[0]] }).using("a", () => {});
    await locksOf([clients.ioredis(a)], refuse).acquire("a");
    expect(await rejection(locksOf(shared, refuse).acquire("a"))).toMatchObject({
      code: "MEMBERSHIP_MISMATCH",
    });
  });

  it("refuse with otherSets: refuse", async () => {
    const { one, three } = await sides("refuse");
    await one.using("a", () => {});
    expect(await rejection(three.acquire("a"))).toMatchObject({
      code: "MEMBERSHIP_MISMATCH",
      message: expect.stringMatching(
        /is also used by a set of 1 node.*first give every process the new `nodes`/,
      ),
    });
  });
});
