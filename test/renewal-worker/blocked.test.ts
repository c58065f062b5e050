import { expect, test, vi } from "vitest";
import type { Lease } from "../../src/index.js";
import type { ToWorker } from "../../src/renewal-worker/messages.js";
import { collectWarnings } from "../support/collected-warnings.js";
import { BlockableThread } from "./blockable-thread.js";

const warnings = collectWarnings();

const renewals = (posted: readonly ToWorker[]) =>
  posted.flatMap((message) =>
    message.type === "batch" ? message.commands.filter(({ op }) => op === "renew" || op === "renewEach") : [],
  );

async function blockedHolder(options: ConstructorParameters<typeof BlockableThread>[0] = {}) {
  const thread = new BlockableThread(options);
  const acquired = thread.locks.acquire("a");
  await thread.clock.advance(10);
  const lease = await acquired;
  thread.block();
  return { thread, lease };
}

/** Whether another process gets the lock. */
async function isFree(thread: BlockableThread): Promise<boolean> {
  const others = thread.others();
  const tried = others.tryAcquire("a");
  await thread.clock.advance(50);
  const lease = await tried;
  await lease?.release();
  await others.close();
  return lease !== null;
}

test("a thread that is blocked for five times the ttl keeps its lease", async () => {
  const { thread, lease } = await blockedHolder();
  for (let time = 0; time < 5_000; time += 250) {
    await thread.clock.advance(250);
    expect(await isFree(thread)).toBe(false);
  }
  expect(lease.remaining()).toBeGreaterThan(300);
  lease.assertHeld();
  thread.goOn();
  await thread.clock.advance(10);
  expect(await lease.release()).toBe("released");
  expect(await isFree(thread)).toBe(true);
});

test("a thread that is blocked keeps an upgraded lease for itself alone, also on nodes that lost it", async () => {
  const thread = new BlockableThread();
  const upgraded = thread.locks.acquire("a", { mode: "shared" }).then(async (lease) => {
    await lease.upgrade();
    return lease;
  });
  await thread.clock.advance(100);
  const lease = await upgraded;
  thread.block();
  for (const node of thread.nodes) {
    node.flush();
    await thread.clock.advance(4_000);
  }
  const others = thread.others();
  const inspected = others.inspect("a");
  await thread.clock.advance(50);
  const { nodes } = await inspected;
  expect(nodes.map(({ holder }) => holder && (holder.mode ?? "exclusive"))).toEqual(
    nodes.map(() => "exclusive"),
  );
  await others.close();
  thread.goOn();
  expect(await lease.release()).toBe("released");
});

test.each([
  ["handed over", (lease: Lease) => void lease.handover()],
  ["released", (lease: Lease) => void lease.release()],
])("a lease that was %s just before the thread was blocked is renewed no more", async (_, end) => {
  const thread = new BlockableThread();
  const acquired = thread.locks.acquire("a");
  await thread.clock.advance(10);
  end(await acquired);
  thread.blockInJob();
  await thread.clock.advance(1_100);
  expect(await isFree(thread)).toBe(true);
  thread.goOn();
  await thread.locks.close();
});

test("one `renewed` reports what the worker has renewed meanwhile, and then the thread renews again", async () => {
  const { thread, lease } = await blockedHolder();
  const renewed = vi.fn();
  const lost = vi.fn();
  thread.locks.on("renewed", renewed);
  thread.locks.on("quorumLost", lost);
  await thread.clock.advance(3_000);
  expect(renewed).not.toHaveBeenCalled();
  thread.goOn();
  await thread.clock.advance(0);
  expect(renewed).toHaveBeenCalledTimes(1);
  expect(renewed.mock.calls[0]?.[0]).toMatchObject({ resources: ["a"], validUntil: lease.validUntil });
  expect(renewed.mock.calls[0]?.[0].votes).toHaveLength(2);
  await thread.clock.advance(2_000);
  expect(renewed.mock.calls.length).toBeGreaterThan(3);
  expect(lost).not.toHaveBeenCalled();
  await thread.locks.close();
});

test("a thread that is not blocked renews by itself", async () => {
  const thread = new BlockableThread();
  const acquired = thread.locks.acquire("a");
  await thread.clock.advance(10);
  const lease = await acquired;
  const before = thread.posted.length;
  await thread.clock.advance(10_000);
  const own = thread.posted.slice(before);
  expect(own.filter(({ type }) => type === "alive")).toHaveLength(0);
  // Every 400 to 500 ms on each of three nodes.
  expect(renewals(own).length / 3).toBeGreaterThan(18);
  expect(lease.remaining()).toBeGreaterThan(400);
  await thread.locks.close();
});

test("a thread that is blocked for longer than stallLimit loses the lease on the nodes, and its first question tells", async () => {
  const { thread, lease } = await blockedHolder({ stallLimit: 4_000 });
  const events: unknown[] = [];
  thread.locks.on("expired", ({ reason }) => void events.push(reason));
  lease.signal.addEventListener("abort", () => void events.push("aborted"));
  await thread.clock.advance(3_900);
  expect(await isFree(thread)).toBe(false);
  await thread.clock.advance(100);
  expect(await isFree(thread)).toBe(true);
  expect(events).toEqual([]);
  expect(() => lease.assertHeld()).toThrow("the thread that held it was blocked for longer than stallLimit");
  expect(lease.remaining()).toBe(0);
  thread.goOn();
  await thread.clock.advance(10);
  expect(events.sort()).toEqual(["aborted", "stalled"]);
  expect(await lease.release()).toBe("expired");
});

test("without a question, the loss is reported as soon as the thread goes on", async () => {
  const lost = vi.fn();
  const { thread } = await blockedHolder({ stallLimit: 2_000, onLost: lost });
  await thread.clock.advance(5_000);
  expect(lost).not.toHaveBeenCalled();
  thread.goOn();
  expect(lost).toHaveBeenCalledWith(expect.objectContaining({ reason: "stalled" }));
});

test("a blocked thread that asks is not taken to be stalled: no answer that it has had outlives the lease", async () => {
  const { thread, lease } = await blockedHolder({ stallLimit: 2_000 });
  let until = 0;
  for (let time = 0; time < 20_000; time += 1_500) {
    await thread.clock.advance(1_500);
    until = thread.clock.monotonic() + lease.remaining();
    expect(lease.remaining()).toBeGreaterThan(0);
  }
  while (!(await isFree(thread))) await thread.clock.advance(20);
  expect(thread.clock.monotonic()).toBeGreaterThanOrEqual(until);
  expect(lease.remaining()).toBe(0);
});

test("a ttl that is longer than stallLimit is kept", async () => {
  const thread = new BlockableThread({ stallLimit: 1_000 });
  const acquired = thread.locks.acquire("a", { ttl: 5_000 });
  await thread.clock.advance(10);
  const lease = await acquired;
  thread.block();
  await thread.clock.advance(4_900);
  expect(await isFree(thread)).toBe(false);
  expect(lease.remaining()).toBeGreaterThan(0);
});

test("a lease that is not renewed ends at its deadline", async () => {
  const { thread, lease } = await blockedHolder({ renew: false });
  await thread.clock.advance(1_000);
  expect(await isFree(thread)).toBe(true);
  expect(() => lease.assertHeld()).toThrow("its validity ran out");
});

test("maxHold ends the lease of a blocked thread, too", async () => {
  const { thread, lease } = await blockedHolder({ maxHold: 3_000 });
  await thread.clock.advance(2_500);
  expect(await isFree(thread)).toBe(false);
  expect(lease.remaining()).toBeGreaterThan(0);
  await thread.clock.advance(500);
  expect(await isFree(thread)).toBe(true);
  expect(() => lease.assertHeld()).toThrow("maxHold");
});

test("a lease that is given up as stalled stays on the nodes for holdAtLeast", async () => {
  const { thread, lease } = await blockedHolder({ ttl: 1_000, holdAtLeast: 8_000, stallLimit: 8_000 });
  await thread.clock.advance(7_800);
  expect(await isFree(thread)).toBe(false);
  await thread.clock.advance(400);
  expect(await isFree(thread)).toBe(true);
  expect(lease.remaining()).toBe(0);
});

test("several resources are kept together", async () => {
  const thread = new BlockableThread();
  const acquired = thread.locks.acquire(["a", "b"]);
  await thread.clock.advance(10);
  const lease = await acquired;
  thread.block();
  await thread.clock.advance(5_000);
  expect(await isFree(thread)).toBe(false);
  lease.assertHeld();
});

test("a blocked thread learns that too few nodes hold its lease", async () => {
  const { thread, lease } = await blockedHolder();
  for (const node of thread.nodes) node.crash();
  await thread.clock.advance(1_000);
  expect(() => lease.assertHeld()).toThrow("its validity ran out");
});

test("a lease that a blocked thread hands over is renewed no more, and goes on where it is adopted", async () => {
  const { thread, lease } = await blockedHolder();
  await thread.clock.advance(2_000);
  const note = lease.handover();
  await thread.clock.advance(300);
  const others = thread.others();
  const adopting = others.adopt(note);
  await thread.clock.advance(50);
  const adopted = await adopting;
  await thread.clock.advance(3_000);
  adopted.assertHeld();
  await adopted.release();
  thread.goOn();
  await thread.clock.advance(50);
  expect(await isFree(thread)).toBe(true);
});

test("a lease that is released while the worker renews it leaves nothing behind", async () => {
  for (let blocked = 560; blocked < 640; blocked += 5) {
    const { thread, lease } = await blockedHolder();
    await thread.clock.advance(blocked);
    thread.goOn();
    const releasing = lease.release();
    await thread.clock.advance(20);
    await releasing;
    expect(await isFree(thread)).toBe(true);
    await thread.clock.advance(20);
    expect(await isFree(thread)).toBe(true);
  }
});

test("a worker that ends is replaced in time, and the new one keeps the leases", async () => {
  const thread = new BlockableThread();
  const acquired = thread.locks.acquire("a");
  await thread.clock.advance(10);
  const lease = await acquired;
  thread.crash(new Error("boom"));
  await thread.clock.advance(150);
  expect(thread.started).toBe(2);
  thread.block();
  await thread.clock.advance(5_000);
  expect(await isFree(thread)).toBe(false);
  lease.assertHeld();
  expect(warnings()).toMatchObject([
    { code: "RENEWAL_WORKER_ENDED", text: expect.stringContaining("the renewal worker has ended: boom") },
  ]);
});

test("without a worker, a lease is lost at its deadline, and not silently", async () => {
  const { thread, lease } = await blockedHolder();
  thread.goOn();
  const expired = vi.fn();
  thread.locks.on("expired", expired);
  thread.broken = true;
  thread.crash(new Error("boom"));
  await thread.clock.advance(1_000);
  expect(expired).toHaveBeenCalledWith(expect.objectContaining({ reason: "deadline" }));
  expect(lease.remaining()).toBe(0);
});

test("the worker keeps the process alive only while a lock is in use, and ends with the locks", async () => {
  const thread = new BlockableThread();
  expect(thread.started).toBe(0);
  const acquired = thread.locks.acquire("a");
  await thread.clock.advance(10);
  const lease = await acquired;
  expect(thread.held).toBe(true);
  const released = lease.release();
  await thread.clock.advance(10);
  await released;
  expect(thread.held).toBe(false);
  const closed = thread.locks.close();
  await thread.clock.advance(100);
  await closed;
  expect(thread.posted.at(-1)).toMatchObject({ type: "call", method: "close" });
});
