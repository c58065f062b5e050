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
async function completed<T>(promise: Promise<T>, limit = 20_000): Promise<T> {
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
    const one = await completed(locks.acquire("a", shared));
    const two = await completed(another().acquire("a", shared));
    expect([one.mode, two.mode]).toEqual(["shared", "shared"]);
    expect(await completed(locks.tryAcquire("a"))).toBeNull();
    await completed(one.release());
    expect(await completed(locks.tryAcquire("a"))).toBeNull();
    await completed(two.release());
    const writer = await completed(locks.acquire("a"));
    expect(writer.mode).toBe("exclusive");
    expect(await completed(locks.tryAcquire("a", shared))).toBeNull();
    await completed(writer.release());
  });

  it("is renewed, and outlives its ttl", async () => {
    const locks = setUp();
    const leases = [await completed(locks.acquire("a", shared)), await completed(locks.acquire("a", shared))];
    await clock.advance(5_000);
    for (const lease of leases) expect(lease.remaining()).toBeGreaterThan(0);
    expect(await completed(locks.tryAcquire("a"))).toBeNull();
    for (const lease of leases) await completed(lease.release());
  });

  it("leaves readers in when one of them stops renewing", async () => {
    const locks = setUp();
    const kept = await completed(locks.acquire("a", shared));
    const lost = await completed(locks.acquire("a", { ...shared, renew: false }));
    await clock.advance(3_000);
    expect(lost.remaining()).toBe(0);
    expect(kept.remaining()).toBeGreaterThan(0);
    await completed(kept.release());
    expect(await completed(locks.tryAcquire("a"))).not.toBeNull();
  });

  it("stands in line with writers: a reader that comes after a writer waits for it", async () => {
    const locks = setUp();
    const order: string[] = [];
    const first = await completed(locks.acquire("a", shared));
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
    await completed(first.release());
    await completed(Promise.all(entered));
    expect(order.slice(0, 2)).toEqual(["+writer", "-writer"]);
    // Readers next to each other go in together.
    expect(order.slice(2, 4).sort()).toEqual(["+r1", "+r2"]);
    expect(order.slice(6)).toEqual(["+late writer", "-late writer"]);
  });

  it("keeps neither a writer nor readers waiting for long while 16 readers and the writer come again and again", async () => {
    setUp();
    const hold = 20;
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
    const comeAgain = async (name: string, options: { mode: "shared" | "exclusive" }, pause: number) => {
      const locks = another(name);
      const waits: number[] = [];
      while (clock.monotonic() < 20_000) {
        const began = clock.monotonic();
        const lease = await locks.acquire("a", options);
        waits.push(clock.monotonic() - began);
        await sleep(hold);
        await lease.release();
        await sleep(pause);
      }
      return waits;
    };
    const readers = Array.from({ length: 16 }, (_, index) => comeAgain(`reader-${index}`, shared, index % 5));
    const all = Promise.all([comeAgain("writer", { mode: "exclusive" }, 10), ...readers]);
    const [writes = [], ...reads] = await completed(all, 40_000);
    expect(writes.length).toBeGreaterThan(200);
    expect(Math.max(...writes)).toBeLessThanOrEqual(3 * hold + 50);
    for (const one of reads) {
      expect(one.length).toBeGreaterThan(200);
      expect(Math.max(...one)).toBeLessThanOrEqual(3 * hold + 50);
    }
  });

  it("lets waiting readers in when the writer in front of them gives up", async () => {
    const locks = setUp();
    const first = await completed(locks.acquire("a", shared));
    const controller = new AbortController();
    const writer = rejection(another().acquire("a", { signal: controller.signal }));
    await clock.advance(700);
    const reader = another().acquire("a", shared);
    await clock.advance(700);
    controller.abort(new Error("enough"));
    await clock.advance(50);
    expect(await writer).toEqual(new Error("enough"));
    expect((await completed(reader)).remaining()).toBeGreaterThan(0);
    await completed(first.release());
  });

  it("has fences above those of all earlier writers", async () => {
    const locks = setUp();
    const options = { ...shared, fence: true } as const;
    const writer = await completed(locks.acquire("a", { fence: true }));
    await completed(writer.release());
    const [one, two] = [
      await completed(locks.acquire("a", options)),
      await completed(another().acquire("a", options)),
    ];
    expect(Math.min(one.fence, two.fence)).toBeGreaterThan(writer.fence);
    await completed(one.release());
    await completed(two.release());
    const last = await completed(locks.acquire("a", { fence: true }));
    expect(last.fence).toBeGreaterThan(Math.max(one.fence, two.fence));
  });

  it("can be handed over, covers several resources, and is kept for holdAtLeast", async () => {
    const locks = setUp();
    const other = await completed(another().acquire(["a", "b"], shared));
    const lease = await completed(locks.acquire(["a", "b"], shared));
    const note = lease.handover();
    const adopted = await completed(another().adopt(note));
    expect(adopted.mode).toBe("shared");
    await completed(other.release());
    expect(await completed(locks.tryAcquire("b"))).toBeNull();
    await completed(adopted.release());
    const held = await completed(locks.acquire("a", { ...shared, holdAtLeast: 3_000 }));
    await completed(held.release());
    expect(await completed(locks.tryAcquire("a"))).toBeNull();
    expect(await completed(locks.tryAcquire("a", shared))).not.toBeNull();
    await clock.advance(3_000);
  });

  it("refuses another mode than that of the handle and of the note", async () => {
    const locks = setUp();
    const handle = locks.handle("a", shared);
    const options = { mode: "exclusive" } as object;
    expect(await rejection(handle.acquire(options))).toMatchObject({ code: "INVALID_OPTION" });
    const lease = await completed(handle.acquire());
    expect(lease.mode).toBe("shared");
    const note = lease.handover();
    expect(await rejection(locks.adopt(note, { mode: "exclusive" }))).toMatchObject({
      code: "INVALID_OPTION",
    });
    expect(() => locks.handle("a", { mode: "read" as never })).toThrow(/mode/);
    await completed((await completed(locks.adopt(note))).release());
  });

  it("is reported with its readers", async () => {
    const locks = setUp();
    await completed(locks.acquire("a", shared));
    await completed(another("other").acquire("a", shared));
    const { held, holder } = await completed(locks.inspect("a"));
    expect(held).toBe(true);
    expect(holder).toMatchObject({ mode: "shared", owner: null, readerCount: 2 });
    expect(holder?.readers?.map(({ owner }) => owner).sort()).toEqual(["me", "other"]);
    const error = await completed(rejection(locks.acquire("a", { wait: 0 })));
    expect(String(error)).toMatch(/is held by this process \(shared\).*upgrade\(\)/s);
    const far = await completed(rejection(another("third").acquire("a", { wait: 0 })));
    expect(String(far)).toMatch(/one or more shared leases/);
  });

  it("gets its keys back on a node that lost them", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    nodes[0]?.flush();
    await clock.advance(3_000);
    const { nodes: reports } = await completed(locks.inspect("a"));
    expect(reports.map(({ state }) => state)).toEqual(["held", "held", "held"]);
    await completed(lease.release());
  });
});

describe("an upgrade", () => {
  it("makes the only reader the writer, with a higher fence", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", { ...shared, fence: true }));
    const before = lease.fence;
    const events: unknown[] = [];
    locks.on("upgraded", (event) => events.push(event));
    await completed(lease.upgrade());
    expect(events).toMatchObject([{ resources: ["a"], mode: "exclusive", fence: lease.fence, attempt: 1 }]);
    expect(lease.mode).toBe("exclusive");
    expect(lease.fence).toBeGreaterThan(before);
    expect(await completed(another().tryAcquire("a", shared))).toBeNull();
    await clock.advance(3_000);
    expect(lease.remaining()).toBeGreaterThan(0);
    await completed(lease.release());
    expect(await completed(another().tryAcquire("a", shared))).not.toBeNull();
  });

  it("waits for the other readers, goes before waiting writers, and keeps new readers out", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    const others = [
      await completed(another().acquire("a", shared)),
      await completed(another().acquire("a", shared)),
    ];
    const writer = another().acquire("a");
    await clock.advance(700);
    let upgraded = false;
    const upgrade = lease.upgrade().then(() => {
      upgraded = true;
    });
    await clock.advance(3_000);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await completed(another().tryAcquire("a", shared))).toBeNull();
    expect(await completed(another().tryAcquire("a", { ...shared, fair: false }))).toBeNull();
    await completed((others[0] as Lease).release());
    await clock.advance(1_000);
    expect(upgraded).toBe(false);
    await completed((others[1] as Lease).release());
    await clock.advance(100);
    expect(upgraded).toBe(true);
    await upgrade;
    await completed(lease.release());
    await completed((await completed(writer)).release());
  });

  it("is refused where another waits for its own, before any request for a writer, and after the end", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    const other = await completed(another().acquire("a", shared));
    const waiting = lease.upgrade();
    await clock.advance(700);
    const error = await completed(rejection(other.upgrade({ wait: 1_500 })));
    expect(error).toMatchObject({ code: "UPGRADE_FAILED", reason: "contended" });
    // It has not waited.
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^could not upgrade the lease of "a", after 1 attempt: another lease waits/,
      ),
    });
    expect(isHoldfastError(error, "UPGRADE_FAILED")).toBe(true);
    expect(await rejection(lease.upgrade())).toMatchObject({ reason: "contended" });
    await completed(other.release());
    await completed(waiting);
    expect(await rejection(lease.upgrade())).toMatchObject({ reason: "exclusive" });
    await completed(lease.release());
    expect(await rejection(lease.upgrade())).toMatchObject({ code: "LEASE_EXPIRED" });
    expect(await rejection(lease.upgrade({ wait: -1 }))).toMatchObject({ code: "INVALID_OPTION" });
  });

  it("leaves the lease shared when its wait is over or its signal aborts", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    const other = await completed(another().acquire("a", shared));
    expect(await completed(rejection(lease.upgrade({ wait: 2_000 })))).toMatchObject({
      reason: "timeout",
      message: expect.stringMatching(
        /^could not upgrade the lease of "a" within 2 s, after \d+ attempts: other leases/,
      ),
    });
    expect(await completed(rejection(lease.upgrade({ wait: 0 })))).toMatchObject({ reason: "timeout" });
    const controller = new AbortController();
    const aborted = rejection(lease.upgrade({ signal: controller.signal }));
    await clock.advance(700);
    controller.abort(new Error("stop"));
    expect(await completed(aborted)).toEqual(new Error("stop"));
    await clock.advance(100);
    expect(lease.mode).toBe("shared");
    expect((await completed(another().acquire("a", shared))).mode).toBe("shared");
    await clock.advance(3_000);
    expect([lease.remaining() > 0, other.remaining() > 0]).toEqual([true, true]);
  });

  it("waits until an earlier one is undone, and rejects with the reason of an aborted signal", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    const other = await completed(another().acquire("a", shared));
    const controller = new AbortController();
    const aborted = rejection(lease.upgrade({ signal: controller.signal }));
    await clock.advance(700);
    controller.abort(new Error("stop"));
    const next = lease.upgrade({ wait: 5_000 });
    expect(await aborted).toEqual(new Error("stop"));
    expect(await rejection(lease.upgrade({ signal: controller.signal }))).toEqual(new Error("stop"));
    await clock.advance(700);
    await completed(other.release());
    await completed(next);
    expect(lease.mode).toBe("exclusive");
  });

  it("says which nodes did not answer, and which have not confirmed the end of an earlier one", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", { ...shared, ttl: 60_000 }));
    for (const node of nodes.slice(1)) node.hang();
    const unanswered = await completed(rejection(lease.upgrade({ wait: 2_000 })));
    expect(unanswered).toMatchObject({ code: "UPGRADE_FAILED", reason: "noQuorum" });
    expect(String(unanswered)).toMatch(/too few nodes answered \(n1: .*; n2: .*\): check the servers/);
    const unsettled = await completed(rejection(lease.upgrade({ wait: 1_000 })));
    expect(unsettled).toMatchObject({ reason: "unsettled", attempts: 0 });
    expect(String(unsettled)).toMatch(/\(n1: has not confirmed .*; n2: has not confirmed/);
    expect([lease.mode, lease.remaining() > 0]).toEqual(["shared", true]);
    for (const node of nodes) node.wake();
  });

  it("goes on over a majority of the nodes, and is undone on nodes that were swapped", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    nodes[0]?.hang();
    const other = await completed(another().acquire("a", shared));
    await completed(rejection(lease.upgrade({ wait: 2_500 })));
    nodes[0]?.wake();
    await clock.advance(3_000);
    expect([lease.remaining() > 0, other.remaining() > 0]).toEqual([true, true]);
    const { nodes: reports } = await completed(locks.inspect("a"));
    expect(reports.map(({ holder }) => holder?.mode)).toEqual(["shared", "shared", "shared"]);
    await settle();
  });

  it.each(["times out", "is aborted"])(
    "leaves the lease renewed, and its renewals answered, when it %s during a renewal",
    async (end) => {
      const locks = setUp();
      await completed(another().acquire("a", { ...shared, ttl: 60_000 }));
      const lease = await completed(locks.acquire("a", { ...shared, ttl: 1_000 }));
      const abort = new AbortController();
      const upgrade = lease.upgrade({ wait: end === "times out" ? 200 : 10_000, signal: abort.signal });
      const failed = rejection(upgrade);
      await clock.advance(199);
      for (const node of nodes) node.hang();
      const renewed = lease.renew();
      await clock.advance(1);
      abort.abort();
      await failed;
      // The renewal that was under way is answered, later ones are, and the lease goes on.
      for (const node of nodes) node.wake();
      await completed(renewed, 500);
      await completed(lease.renew(), 500);
      await clock.advance(5_000);
      expect(lease.remaining()).toBeGreaterThan(0);
    },
  );

  it("survives a handover", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    await completed(lease.upgrade());
    const adopted = await completed(another().adopt(lease.handover()));
    expect(adopted.mode).toBe("exclusive");
    expect(await completed(locks.tryAcquire("a", shared))).toBeNull();
    await completed(adopted.release());
    expect(await completed(locks.tryAcquire("a"))).not.toBeNull();
  });

  it("ends as soon as its lease is released, although the nodes do not answer", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", { ...shared, ttl: 60_000 }));
    for (const node of nodes.slice(1)) node.hang();
    const refused = rejection(lease.upgrade({ wait: 5_000 }));
    await clock.advance(100);
    const released = lease.release();
    const began = clock.wall();
    expect(await completed(refused)).toMatchObject({ code: "LEASE_EXPIRED" });
    expect(clock.wall() - began).toBeLessThan(50);
    for (const node of nodes) node.wake();
    await completed(released);
  });

  /** How each node says that the resource is held. */
  const modes = async (locks: Locks) =>
    (await completed(locks.inspect("a"))).nodes.map(({ holder }) => holder && (holder.mode ?? "exclusive"));

  it("is asked for again by each renewal, so that no node lets others in that was absent or forgot it", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", shared));
    nodes[2]?.hang();
    await completed(lease.upgrade());
    nodes[2]?.wake();
    for (const node of nodes) {
      await clock.advance(3_000);
      expect(await modes(locks)).toEqual(["exclusive", "exclusive", "exclusive"]);
      node.flush();
    }
    await clock.advance(3_000);
    expect(await modes(locks)).toEqual(["exclusive", "exclusive", "exclusive"]);
    expect(await completed(another().tryAcquire("a", shared))).toBeNull();
    await completed(lease.release());
  });

  it("is adopted for the heir alone, also from a node that knows the lease as a reader", async () => {
    const locks = setUp();
    const lease = await completed(locks.acquire("a", { ...shared, ttl: 60_000, renew: false }));
    nodes[2]?.crash();
    await completed(lease.upgrade());
    nodes[2]?.reconnect();
    nodes[0]?.hang();
    const adopted = await completed(another().adopt(lease.handover(), { renew: false }));
    nodes[0]?.wake();
    expect((await modes(locks)).slice(1)).toEqual(["exclusive", "exclusive"]);
    expect(await completed(another().tryAcquire("a", shared))).toBeNull();
    await completed(adopted.release());
  });
});
