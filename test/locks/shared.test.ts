import { afterEach, describe, expect, it } from "vitest";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks, isHoldfastError, type Lease, type Locks } from "../../src/index.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";

let clock: VirtualClock;
let nodes: MemoryNode[];
let open: Locks[];

function setUp(size = 3): Locks {
  clock = new VirtualClock();
  nodes = Array.from({ length: size }, (_, index) => memoryNode(`n${index}`, { clock }));
  open = [];
  return another();
}

function another(owner = "me"): Locks {
  const locks = createLocks({ nodes, clock, owner, ttl: 1_000 });
  open.push(locks);
  return locks;
}

afterEach(async () => {
  const closing = Promise.all(open.map((locks) => locks.close({ timeout: 0 })));
  await clock.advance(100);
  await closing;
});

const shared = { mode: "shared" } as const;

/** Lets time pass until the promise has settled. */
async function after<T>(promise: Promise<T>, limit = 20_000): Promise<T> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  promise.then(done, done);
  for (let ms = 0; !settled && ms < limit; ms += 10) await clock.advance(10);
  return promise;
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error) => error,
  );

describe("a shared lock", () => {
  it("is held by several at once, and keeps writers out until the last has gone", async () => {
    const locks = setUp();
    const one = await after(locks.acquire("a", shared));
    const two = await after(another().acquire("a", shared));
    expect([one.mode, two.mode]).toEqual(["shared", "shared"]);
    expect(await after(locks.tryAcquire("a"))).toBeNull();
    await after(one.release());
    expect(await after(locks.tryAcquire("a"))).toBeNull();
    await after(two.release());
    const writer = await after(locks.acquire("a"));
    expect(writer.mode).toBe("exclusive");
    expect(await after(locks.tryAcquire("a", shared))).toBeNull();
    await after(writer.release());
  });

  it("is renewed, and outlives its ttl", async () => {
    const locks = setUp();
    const leases = [await after(locks.acquire("a", shared)), await after(locks.acquire("a", shared))];
    await clock.advance(5_000);
    for (const lease of leases) expect(lease.remaining()).toBeGreaterThan(0);
    expect(await after(locks.tryAcquire("a"))).toBeNull();
    for (const lease of leases) await after(lease.release());
  });

  it("leaves readers in when one of them stops renewing", async () => {
    const locks = setUp();
    const kept = await after(locks.acquire("a", shared));
    const lost = await after(locks.acquire("a", { ...shared, renew: false }));
    await clock.advance(3_000);
    expect(lost.remaining()).toBe(0);
    expect(kept.remaining()).toBeGreaterThan(0);
    await after(kept.release());
    expect(await after(locks.tryAcquire("a"))).not.toBeNull();
  });

  it("stands in line with writers: a reader that comes after a writer waits for it", async () => {
    const locks = setUp();
    const order: string[] = [];
    const first = await after(locks.acquire("a", shared));
    const enter = async (name: string, options: { mode: "shared" | "exclusive" }) => {
      const lease = await another(name).acquire("a", options);
      order.push(`+${name}`);
      await new Promise<void>((resolve) => clock.after(100, resolve));
      order.push(`-${name}`);
      await lease.release();
    };
    const entered = [enter("writer", { mode: "exclusive" })];
    await clock.advance(700);
    entered.push(enter("r1", shared), enter("r2", shared));
    await clock.advance(700);
    entered.push(enter("late writer", { mode: "exclusive" }));
    await clock.advance(700);
    expect(order).toEqual([]);
    await after(first.release());
    await after(Promise.all(entered));
    expect(order.slice(0, 2)).toEqual(["+writer", "-writer"]);
    // Readers next to each other go in together.
    expect(order.slice(2, 4).sort()).toEqual(["+r1", "+r2"]);
    expect(order.slice(6)).toEqual(["+late writer", "-late writer"]);
  });

  it("lets waiting readers in when the writer in front of them gives up", async () => {
    const locks = setUp();
    const first = await after(locks.acquire("a", shared));
    const controller = new AbortController();
    const writer = rejection(another().acquire("a", { signal: controller.signal }));
    await clock.advance(700);
    const reader = another().acquire("a", shared);
    await clock.advance(700);
    controller.abort(new Error("enough"));
    await clock.advance(50);
    expect(await writer).toEqual(new Error("enough"));
    expect((await after(reader)).remaining()).toBeGreaterThan(0);
    await after(first.release());
  });

  it("has fences above those of all earlier writers", async () => {
    const locks = setUp();
    const options = { ...shared, fence: true } as const;
    const writer = await after(locks.acquire("a", { fence: true }));
    await after(writer.release());
    const [one, two] = [
      await after(locks.acquire("a", options)),
      await after(another().acquire("a", options)),
    ];
    expect(Math.min(one.fence, two.fence)).toBeGreaterThan(writer.fence);
    await after(one.release());
    await after(two.release());
    const last = await after(locks.acquire("a", { fence: true }));
    expect(last.fence).toBeGreaterThan(Math.max(one.fence, two.fence));
  });

  it("can be handed over, covers several resources, and is kept for holdAtLeast", async () => {
    const locks = setUp();
    const other = await after(another().acquire(["a", "b"], shared));
    const lease = await after(locks.acquire(["a", "b"], shared));
    const note = lease.handover();
    const adopted = await after(another().adopt(note));
    expect(adopted.mode).toBe("shared");
    await after(other.release());
    expect(await after(locks.tryAcquire("b"))).toBeNull();
    await after(adopted.release());
    const held = await after(locks.acquire("a", { ...shared, holdAtLeast: 3_000 }));
    await after(held.release());
    expect(await after(locks.tryAcquire("a"))).toBeNull();
    expect(await after(locks.tryAcquire("a", shared))).not.toBeNull();
    await clock.advance(3_000);
  });

  it("refuses another mode than that of the handle and of the note", async () => {
    const locks = setUp();
    const handle = locks.handle("a", shared);
    const options = { mode: "exclusive" } as object;
    expect(await rejection(handle.acquire(options))).toMatchObject({ code: "INVALID_OPTION" });
    const lease = await after(handle.acquire());
    expect(lease.mode).toBe("shared");
    const note = lease.handover();
    expect(await rejection(locks.adopt(note, { mode: "exclusive" }))).toMatchObject({
      code: "INVALID_OPTION",
    });
    expect(() => locks.handle("a", { mode: "read" as never })).toThrow(/mode/);
    await after((await after(locks.adopt(note))).release());
  });

  it("is reported with its readers", async () => {
    const locks = setUp();
    await after(locks.acquire("a", shared));
    await after(another("other").acquire("a", shared));
    const { held, holder } = await after(locks.inspect("a"));
    expect(held).toBe(true);
    expect(holder).toMatchObject({ mode: "shared", owner: null, readerCount: 2 });
    expect(holder?.readers?.map(({ owner }) => owner).sort()).toEqual(["me", "other"]);
    const error = await after(rejection(locks.acquire("a", { wait: 0 })));
    expect(String(error)).toMatch(/is held by this process \(shared\).*upgrade\(\)/s);
    const far = await after(rejection(another("third").acquire("a", { wait: 0 })));
    expect(String(far)).toMatch(/one or more shared leases/);
  });

  it("gets its keys back on a node that lost them", async () => {
    const locks = setUp();
    const lease = await after(locks.acquire("a", shared));
    nodes[0]?.flush();
    await clock.advance(3_000);
    const { nodes: reports } = await after(locks.inspect("a"));
    expect(reports.map(({ state }) => state)).toEqual(["held", "held", "held"]);
    await after(lease.release());
  });
});

describe("an upgrade", () => {
  it("makes the only reader the writer, with a higher fence", async () => {
    const locks = setUp();
    const lease = await after(locks.acquire("a", { ...shared, fence: true }));
    const before = lease.fence;
    await after(lease.upgrade());
    expect(lease.mode).toBe("exclusive");
    expect(lease.fence).toBeGreaterThan(before);
    expect(await after(another().tryAcquire("a", shared))).toBeNull();
    await clock.advance(3_000);
    expect(lease.remaining()).toBeGreaterThan(0);
    await after(lease.release());
    expect(await after(another().tryAcquire("a", shared))).not.toBeNull();
  });

  it("waits for the other readers, goes before waiting writers, and keeps new readers out", async () => {
    const locks = setUp();
    const lease = await after(locks.acquire("a", shared));
    const others = [await after(another().acquire("a", shared)), await after(another().acquire("a", shared))];
    const writer = another().acquire("a");
    await clock.advance(700);
    let upgraded = false;
    const upgrade = lease.upgrade().then(() => {
      upgraded = true;
    });
    await clock.advance(3_000);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await after(another().tryAcquire("a", shared))).toBeNull();
    expect(await after(another().tryAcquire("a", { ...shared, fair: false }))).toBeNull();
    await after((others[0] as Lease).release());
    await clock.advance(1_000);
    expect(upgraded).toBe(false);
    await after((others[1] as Lease).release());
    await clock.advance(100);
    expect(upgraded).toBe(true);
    await upgrade;
    await after(lease.release());
    await after((await after(writer)).release());
  });

  it("is refused where another waits for its own, before any request for a writer, and after the end", async () => {
    const locks = setUp();
    const lease = await after(locks.acquire("a", shared));
    const other = await after(another().acquire("a", shared));
    const waiting = lease.upgrade();
    await clock.advance(700);
    const error = await after(rejection(other.upgrade()));
    expect(error).toMatchObject({ code: "UPGRADE_FAILED", reason: "contended" });
    expect(isHoldfastError(error, "UPGRADE_FAILED")).toBe(true);
    expect(await rejection(lease.upgrade())).toMatchObject({ reason: "contended" });
    await after(other.release());
    await after(waiting);
    expect(await rejection(lease.upgrade())).toMatchObject({ reason: "exclusive" });
    await after(lease.release());
    expect(await rejection(lease.upgrade())).toMatchObject({ code: "LEASE_EXPIRED" });
    expect(await rejection(lease.upgrade({ wait: -1 }))).toMatchObject({ code: "INVALID_OPTION" });
  });

  it("leaves the lease shared when its wait is over or its signal aborts", async () => {
    const locks = setUp();
    const lease = await after(locks.acquire("a", shared));
    const other = await after(another().acquire("a", shared));
    expect(await after(rejection(lease.upgrade({ wait: 2_000 })))).toMatchObject({ reason: "timeout" });
    expect(await after(rejection(lease.upgrade({ wait: 0 })))).toMatchObject({ reason: "timeout" });
    const controller = new AbortController();
    const aborted = rejection(lease.upgrade({ signal: controller.signal }));
    await clock.advance(700);
    controller.abort(new Error("stop"));
    expect(await after(aborted)).toEqual(new Error("stop"));
    await clock.advance(100);
    expect(lease.mode).toBe("shared");
    expect((await after(another().acquire("a", shared))).mode).toBe("shared");
    await clock.advance(3_000);
    expect([lease.remaining() > 0, other.remaining() > 0]).toEqual([true, true]);
  });

  it("goes on over a majority of the nodes, and is undone on nodes that were swapped", async () => {
    const locks = setUp();
    const lease = await after(locks.acquire("a", shared));
    nodes[0]?.hang();
    const other = await after(another().acquire("a", shared));
    await after(rejection(lease.upgrade({ wait: 2_500 })));
    nodes[0]?.wake();
    await clock.advance(3_000);
    expect([lease.remaining() > 0, other.remaining() > 0]).toEqual([true, true]);
    const { nodes: reports } = await after(locks.inspect("a"));
    expect(reports.map(({ holder }) => holder?.mode)).toEqual(["shared", "shared", "shared"]);
    await settle();
  });

  it("survives a handover", async () => {
    const locks = setUp();
    const lease = await after(locks.acquire("a", shared));
    await after(lease.upgrade());
    const adopted = await after(another().adopt(lease.handover()));
    expect(adopted.mode).toBe("exclusive");
    expect(await after(locks.tryAcquire("a", shared))).toBeNull();
    await after(adopted.release());
    expect(await after(locks.tryAcquire("a"))).not.toBeNull();
  });
});
