import { describe, expect, it } from "vitest";
import {
  type AcquiredEvent,
  createLocks,
  type Locks,
  type LocksOptions,
  memoryNode,
} from "../../src/index.js";

type LockEvent = Pick<AcquiredEvent, "resources" | "permits">;

const nodesOf = (count: number) => Array.from({ length: count }, () => memoryNode());

/** Locks of several processes on the same nodes. The ttl is longer than any pause of a busy machine. */
function processes(count: number, nodes = nodesOf(3), options: Partial<LocksOptions> = {}): Locks[] {
  return Array.from({ length: count }, (_, index) =>
    createLocks({ nodes, owner: `process-${index}`, ttl: 60_000, ...options } as LocksOptions),
  );
}

const opened = (all: readonly Locks[], permits: number) =>
  all.map((locks) => locks.semaphore("imports", { permits }));

describe.each([1, 3, 5])("a semaphore on %i nodes", (count) => {
  it("gives as many leases as it has permits, to whichever process", async () => {
    const all = processes(3, nodesOf(count));
    const semaphores = opened(all, 5);
    const leases = [];
    for (let index = 0; index < 5; index++) leases.push(await semaphores[index % 3]?.acquire());
    expect(leases.flatMap((lease) => lease?.permits).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(await semaphores[0]?.tryAcquire()).toBeNull();
    await leases[2]?.release();
    const next = await semaphores[1]?.tryAcquire();
    expect(next?.permits).toEqual(leases[2]?.permits);
    expect(next?.resources).toEqual(["imports"]);
    await Promise.all(all.map((locks) => locks.close()));
  });

  it("gives several permits at once, or none", async () => {
    const all = processes(2, nodesOf(count));
    const [one, other] = opened(all, 5);
    const heavy = await one?.acquire({ weight: 3 });
    expect(new Set(heavy?.permits).size).toBe(3);
    expect(await other?.tryAcquire({ weight: 3 })).toBeNull();
    const light = await other?.acquire({ weight: 2 });
    expect(await one?.tryAcquire()).toBeNull();
    await heavy?.release();
    expect((await one?.inspect())?.free).toBe(3);
    await light?.release();
    expect((await other?.acquire({ weight: 5 }))?.permits.length).toBe(5);
    await Promise.all(all.map((locks) => locks.close()));
  });

  it("is not passed by others while a waiter needs several permits", async () => {
    const all = processes(3, nodesOf(count));
    const [one, other, third] = opened(all, 2);
    const held = [await one?.acquire(), await one?.acquire()];
    // The attempt that follows the first denial takes a place in the queues.
    let denials = 0;
    const queued = new Promise<void>((resolve) => {
      all[1]?.on("retrying", () => void (++denials === 2 && resolve()));
    });
    const waiting = other?.acquire({ weight: 2, wait: 10_000 });
    await queued;
    await held[0]?.release();
    expect(await third?.tryAcquire()).toBeNull();
    await held[1]?.release();
    expect((await waiting)?.permits.length).toBe(2);
    await Promise.all(all.map((locks) => locks.close()));
  });

  it("is never held more often than it has permits, whoever races", async () => {
    const all = processes(4, nodesOf(count));
    let inside = 0;
    let most = 0;
    const work = async (locks: Locks) => {
      const semaphore = locks.semaphore("imports", { permits: 3 });
      for (let turn = 0; turn < 8; turn++) {
        await semaphore.using(async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
        });
      }
    };
    await Promise.all(all.flatMap((locks) => [work(locks), work(locks), work(locks)]));
    expect(most).toBe(3);
    expect((await all[0]?.semaphore("imports", { permits: 3 }).inspect())?.free).toBe(3);
    await Promise.all(all.map((locks) => locks.close()));
  });

  it("gives growing fences, whatever the permit", async () => {
    const all = processes(2, nodesOf(count));
    const semaphores = opened(all, 3);
    const fences: number[] = [];
    for (let turn = 0; turn < 8; turn++) {
      const lease = await semaphores[turn % 2]?.acquire({ fence: true });
      fences.push(lease?.fence ?? 0);
      if (turn > 2) await lease?.release();
      else if (turn === 2) await lease?.release();
    }
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
    expect(new Set(fences).size).toBe(8);
    await Promise.all(all.map((locks) => locks.close()));
  });
});

describe("a semaphore", () => {
  it("reports its permits, and who holds them", async () => {
    const [a, b] = processes(2);
    const [one, other] = opened([a as Locks, b as Locks], 3);
    const first = await one?.acquire();
    const second = await other?.acquire();
    const inspection = await one?.inspect();
    expect(inspection).toMatchObject({ resource: "imports", permits: 3, free: 1, unknown: 0 });
    const holders = inspection?.holders.map(({ permit, owner }) => [permit, owner]);
    expect(holders).toEqual(
      [
        [first?.permits[0], "process-0"],
        [second?.permits[0], "process-1"],
      ].sort(),
    );
    expect(inspection?.nodes.map(({ state }) => state)).toEqual(["held", "held", "held"]);
    expect(JSON.stringify(inspection)).not.toContain("~");
    await Promise.all([a?.close(), b?.close()]);
  });

  it("names the permits in its events, and itself as the resource", async () => {
    const [locks] = processes(1) as [Locks];
    const events: unknown[] = [];
    for (const name of ["acquiring", "acquired", "released"] as const)
      locks.on(name, (event: LockEvent) => events.push([name, event.resources, event.permits]));
    const lease = await locks.semaphore("imports", { permits: 2 }).acquire();
    await lease.release();
    expect(events).toEqual([
      ["acquiring", ["imports"], undefined],
      ["acquired", ["imports"], lease.permits],
      ["released", ["imports"], lease.permits],
    ]);
    await locks.close();
  });

  it("has handles, which can be used again", async () => {
    const [locks] = processes(1) as [Locks];
    const handle = locks.semaphore("imports", { permits: 2 }).handle({ weight: 2 });
    for (let turn = 0; turn < 3; turn++) {
      const lease = await handle.acquire();
      expect([handle.state, [...lease.permits].sort()]).toEqual(["held", [1, 2]]);
      await handle.release();
      expect(handle.state).toBe("idle");
    }
    await locks.close();
  });

  it("has leases that can be handed over, and whose release wakes the next waiter", async () => {
    const all = processes(3) as [Locks, Locks, Locks];
    const [one, , third] = opened(all, 1);
    const lease = await one?.acquire();
    const adopted = await all[1].adopt(lease?.handover() ?? "");
    expect(adopted.resources).toEqual(["imports"]);
    expect(await third?.tryAcquire()).toBeNull();
    const queued = new Promise((resolve) => all[2].once("retrying", resolve));
    const waiting = third?.acquire({ wait: 60_000 });
    await queued;
    await adopted.release();
    expect((await waiting)?.permits).toEqual([1]);
    await Promise.all(all.map((locks) => locks.close()));
  });

  it("says in the error how many permits it has, and who holds one", async () => {
    const [a, b] = processes(2);
    const [one, other] = opened([a as Locks, b as Locks], 1);
    await one?.acquire();
    const error = await other?.acquire({ wait: 0 }).catch((caught) => caught);
    expect(error.code).toBe("LOCK_CONTENDED");
    expect(error.holder).toMatchObject({ owner: "process-0", resource: "imports" });
    expect(error.message).toMatch(
      /^of the 1 permit of "imports", none is free: one is held by process-0 for up to .*; gave up after 1 attempt\. /,
    );
    await Promise.all([a?.close(), b?.close()]);
  });

  it("has nothing to do with a lock of the same name", async () => {
    const [locks] = processes(1) as [Locks];
    await locks.acquire("imports");
    expect(await locks.semaphore("imports", { permits: 1 }).tryAcquire()).not.toBeNull();
    await locks.close();
  });

  it("frees the permits of a process that died when their ttl is over", async () => {
    const nodes = nodesOf(3);
    const [dead, alive] = processes(2, nodes);
    const [one, other] = opened([dead as Locks, alive as Locks], 2);
    await one?.acquire({ weight: 2, ttl: 200, renew: false, onLost: () => {} });
    const lease = await other?.acquire({ wait: 60_000 });
    expect(lease?.permits.length).toBe(1);
    await Promise.all([dead?.close(), alive?.close()]);
  });
});
