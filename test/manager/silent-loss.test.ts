import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import type { AcquireOptions, Lease, Locks, LocksOptions } from "../../src/index.js";
import { InvalidOptionError, LeaseExpiredError } from "../../src/index.js";
import { inspectorHandler, serveInspector } from "../../src/inspector.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { caught } from "../safety/scripted-locks.js";
import { collectWarnings, passTime } from "../support/collected-warnings.js";
import { waitUntil } from "../support/wait-until.js";
import { TestNodes } from "./test-nodes.js";

const warnings = collectWarnings();
const codes = () => warnings().map(({ code }) => code);

/** Acquires a lease, and loses it because every node hangs. */
async function loseLease(
  watch: (parts: { locks: ReturnType<TestNodes["locks"]>; lease: Lease }) => unknown = () => {},
  options: AcquireOptions = {},
  managerOptions: Partial<LocksOptions> = {},
): Promise<Lease> {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks({ ttl: 1_000, ...managerOptions });
  const lease = await testNodes.run(locks.acquire("payouts", options));
  await watch({ locks, lease });
  for (const node of testNodes.nodes) node.hang();
  await testNodes.clock.advance(2_000);
  return lease;
}

describe("a loss that nobody listens for", () => {
  it("leads to a process warning with a code, which says which lock, since when, and why", async () => {
    const lease = await loseLease();
    expect(lease.remaining()).toBe(0);
    expect(codes()).toEqual(["LEASE_LOST"]);
    const warning = warnings().find(({ code }) => code === "LEASE_LOST");
    expect(warning?.text).toMatch(
      /^the lease of "payouts" is over: its validity ran out before a renewal succeeded \(lost at [\d-]+T[\d:.]+Z; acquisition [\w-]+, held since [\d-]+T[\d:.]+Z\)/,
    );
    expect(warning?.detail).toMatch(/lease\.signal.*onLost.*expired.*logger.*rejectOnLoss/);
  });

  it("does not speak of renewals if none was due", async () => {
    const lease = await loseLease(undefined, { renew: false });
    const why = 'the lease of "payouts" is over: its validity ran out, and it was not renewed automatically';
    expect(warnings().map(({ text }) => text.split(" (")[0])).toEqual([why]);
    expect(() => lease.assertHeld()).toThrow(why);
    expect(lease.signal.reason).toMatchObject({ message: why, reason: "deadline" });
  });

  it.each<[string, Parameters<typeof loseLease>]>([
    ["onLost", [undefined, { onLost: () => {} }]],
    ["onLost of the manager", [undefined, {}, { onLost: () => {} }]],
    ["a listener of the manager", [({ locks }) => void locks.on("expired", () => {})]],
    ["the signal", [({ lease }) => void lease.signal]],
    ["assertHeld()", [({ lease }) => lease.assertHeld()]],
    ["remaining()", [({ lease }) => void lease.remaining()]],
    ["telemetry", [({ locks }) => void instrumentLocks(locks)]],
    [
      "a logger",
      [undefined, {}, { logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} } }],
    ],
    ["an inspector of the charts", [undefined, {}, { xstate: { inspect: () => {} } }]],
  ])("is none if somebody listens: %s", async (_, given) => {
    await loseLease(...given);
    expect(codes()).toEqual([]);
  });

  it("comes although the lease was printed as JSON", async () => {
    await loseLease(({ lease }) => void JSON.stringify(lease));
    expect(codes()).toEqual(["LEASE_LOST"]);
  });

  it("comes although the locks are published", async () => {
    const published = ({ locks }: { locks: Locks }) =>
      waitUntil("publishing has begun", 10_000, () => managerOf(locks).context.observers.any);
    await loseLease(published, {}, { publish: true });
    expect(codes()).toEqual(["LEASE_LOST"]);
  });

  it("comes although a page shows the locks", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ ttl: 1_000 });
    const handler = inspectorHandler(locks);
    const inspector = await serveInspector(locks, { port: 0 });
    await testNodes.run(locks.acquire("payouts"));
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(2_000);
    expect(codes()).toEqual(["LEASE_LOST"]);
    await inspector.close();
    await handler.close();
  });

  it("is none if a handle or the diagnostics channel listens", async () => {
    const testNodes = new TestNodes(3);
    const handle = testNodes.locks({ ttl: 1_000 }).handle("a");
    handle.on("expired", () => {});
    await testNodes.run(handle.acquire());
    const listener = () => {};
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(2_000);
    subscribe("holdfast:expired", listener);
    await loseLease();
    unsubscribe("holdfast:expired", listener);
    expect(codes()).toEqual([]);
  });

  it("is none if the lease was released, or is being released", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ ttl: 1_000 });
    const lease = await testNodes.run(locks.acquire("a"));
    for (const node of testNodes.nodes) node.hang();
    void lease.release();
    await testNodes.clock.advance(3_000);
    expect(codes()).toEqual([]);
  });

  it("is warned of ten times a minute at most, with the number of the others", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ ttl: 1_000 });
    const lose = async (prefix: string) => {
      const leases = Array.from({ length: 50 }, (_, index) => locks.acquire(`${prefix}${index}`));
      await testNodes.run(Promise.all(leases));
      for (const node of testNodes.nodes) node.hang();
      await testNodes.clock.advance(2_000);
      for (const node of testNodes.nodes) node.wake();
      await testNodes.clock.advance(10_000);
    };
    await lose("a");
    expect(codes()).toHaveLength(10);
    expect(warnings().at(-1)?.text).toMatch(/more like it are left out for up to a minute/);
    passTime(60_000);
    await lose("b");
    expect(codes()).toHaveLength(20);
    expect(warnings().at(-10)?.text).toMatch(/40 like it were left out in the minutes before/);
    // A test may put its fake timers away.
    passTime(-500_000);
    await lose("c");
    expect(codes()).toHaveLength(30);
    passTime(1_000_000);
  });
});

describe("using() with rejectOnLoss", () => {
  /** Runs a job that ends after the loss of its lease. */
  async function useLost(job: (lease: Lease) => Promise<unknown>, options: object = { rejectOnLoss: true }) {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ ttl: 1_000 });
    const used = locks.using("a", options, async (lease) => {
      for (const node of testNodes.nodes) node.hang();
      await new Promise<void>((resolve) => testNodes.clock.after(2_000, resolve));
      return job(lease);
    });
    const outcome = used.catch((error: unknown) => error);
    await testNodes.clock.advance(10_000);
    return outcome;
  }

  it("rejects with the loss and the job's result, and needs no warning", async () => {
    const error = await useLost(async () => "written");
    expect(error).toBeInstanceOf(LeaseExpiredError);
    expect(error).toMatchObject({ reason: "deadline", result: "written", resources: ["a"] });
    expect(codes()).toEqual([]);
  });

  it("rejects with the job's own error, which comes first", async () => {
    const failed = new Error("disk full");
    expect(await useLost(() => Promise.reject(failed))).toBe(failed);
  });

  it("resolves without the option, with a warning", async () => {
    expect(await useLost(async () => "written", {})).toBe("written");
    expect(codes()).toEqual(["LEASE_LOST"]);
  });

  it("resolves if the lease is held, or was released by the job", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const kept = locks.using("a", { rejectOnLoss: true }, async () => "kept");
    expect(await testNodes.run(kept)).toBe("kept");
    const released = locks.using("a", { rejectOnLoss: true }, async (lease) => lease.release());
    expect(await testNodes.run(released)).toBe("released");
  });

  it("rejects if the locks were closed while the job ran", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const used = locks.using("a", { rejectOnLoss: true }, async (lease) => {
      await locks.close();
      await lease.release();
      return "written";
    });
    const error = await testNodes.run(caught(used));
    expect(error).toBeInstanceOf(LeaseExpiredError);
    expect(error).toMatchObject({ reason: "released", result: "written", cause: { code: "MANAGER_CLOSED" } });
    expect((error as Error).message).toBe('the lease of "a" is over: the locks were closed');
  });

  it("resolves if the locks were closed after the job released the lease", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const used = locks.using("a", { rejectOnLoss: true }, async (lease) => {
      await lease.release();
      await locks.close();
      return "written";
    });
    expect(await testNodes.run(used)).toBe("written");
  });

  it("is refused where it has no meaning, and with another value", async () => {
    const locks = new TestNodes(1).locks();
    expect(await caught(locks.acquire("a", { rejectOnLoss: true } as object))).toBeInstanceOf(
      InvalidOptionError,
    );
    const odd = locks.using("a", { rejectOnLoss: "yes" as never }, () => {});
    expect(await caught(odd)).toMatchObject({ code: "INVALID_OPTION", option: "rejectOnLoss" });
  });
});
