import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { managerOf } from "../../../src/api/managed-locks.js";
import { type Lease, type MemoryNode, memoryNode } from "../../../src/index.js";
import type { Beat } from "../../../src/inspector/feed/frames.js";
import { Tracker } from "../../../src/inspector/feed/tracker.js";
import { settle } from "../../manager/test-nodes.js";
import { tracked } from "./tracked.js";

const beats = (frames: readonly { kind: string }[]) => frames.filter(({ kind }) => kind === "beat") as Beat[];

describe("a tracker", () => {
  it("reports the steps of a lock in order, each with the lock's state after it", async () => {
    const { world, locks, received, listen, clock } = tracked({ ttl: 1_000 });
    listen();
    const lease = await world.run(locks.acquire("a"));
    await clock.advance(600);
    await lease.release();
    await clock.advance(100);
    expect(received.moves).toEqual([
      "ACQUIRE idle>acquiring.asking",
      "GRANTED acquiring.asking>held",
      "RENEW held>renewing.asking",
      "RENEWED renewing.asking>held",
      "RELEASE held>releasing",
      "RELEASED releasing>idle",
    ]);
    const [asking, held, renewing, renewed, releasing, idle] = received.steps.map(({ lock }) => lock);
    expect(asking).toMatchObject({
      resources: ["a"],
      attempts: 1,
      granted: null,
      ttl: null,
      validUntil: null,
    });
    expect(held).toMatchObject({ began: asking?.began, ttl: 1_000, renewals: 0, fence: null, reason: null });
    expect(held?.granted).toBe(held?.since);
    expect(held?.validUntil).toBe((held?.granted ?? 0) + 1_000 - 12);
    expect(held?.round).toMatchObject({
      asked: "acquire",
      votes: [{ kind: "granted" }, { kind: "granted" }],
    });
    expect(renewing).toMatchObject({ state: "renewing.asking", renewals: 0, validUntil: held?.validUntil });
    expect(renewed).toMatchObject({ renewals: 1, granted: held?.granted, round: { asked: "renew" } });
    expect(renewed?.validUntil).toBeGreaterThan(held?.validUntil ?? 0);
    expect(releasing).toMatchObject({ state: "releasing", renewals: 1, validUntil: renewed?.validUntil });
    expect(idle).toMatchObject({ state: "idle", ttl: 1_000, renewals: 1, validUntil: null, reason: null });
    expect(idle?.round?.asked).toBe("release");
    expect(received.view.history(idle?.id ?? "")).toEqual(received.steps);
    const [first, ...others] = received.frames.map(({ seq }) => seq);
    expect(others).toEqual(others.map((_, index) => (first ?? 0) + 1 + index));
  });

  it("reports why an attempt failed, and who holds the lock", async () => {
    const { world, locks, received, listen, clock } = tracked();
    const theirs = world.locks({ owner: "them" });
    const lease = await world.run(theirs.acquire("a", { fence: true }));
    listen();
    const ours = locks.acquire("a", { wait: 2_000, fence: true });
    await clock.advance(200);
    const [waiting] = received.locks;
    expect(waiting).toMatchObject({ state: "acquiring.waiting", reason: "contended" });
    expect(waiting?.round).toMatchObject({
      asked: "acquire",
      votes: [
        { kind: "denied", holder: { owner: "them", ttlLeft: expect.any(Number) } },
        { kind: "denied", holder: { tokenHash: expect.stringMatching(/^[0-9a-f]{16}$/) } },
      ],
    });
    await world.run(lease.release());
    const next = await world.run(ours);
    await clock.advance(100);
    expect(received.locks).toMatchObject([{ state: "held", reason: null, fence: next.fence }]);
    await world.run(theirs.close());
  });

  it("reports how an acquisition ended that no node had refused", async () => {
    const { world, locks, received, listen, clock } = tracked({ quarantine: false });
    listen();
    for (const node of world.nodes) node.hang();
    const abort = new AbortController();
    const aborted = locks.acquire("a", { signal: abort.signal });
    const late = locks.acquire("b", { wait: 10 });
    aborted.catch(() => {});
    late.catch(() => {});
    await clock.advance(20);
    abort.abort();
    await clock.advance(100);
    const reasons = Object.fromEntries(received.locks.map(({ resources, reason }) => [resources[0], reason]));
    expect(reasons).toEqual({ a: "aborted", b: "timedOut" });
  });

  it("reports a taken lease with the votes that revealed it", async () => {
    const { world, locks, received, listen, clock } = tracked({ ttl: 1_000, quarantine: false });
    listen();
    await world.run(locks.acquire("a"));
    for (const node of world.nodes) node.flush();
    const theirs = world.locks({ owner: "them" });
    await world.run(theirs.acquire("a"));
    await clock.advance(700);
    expect(received.locks).toMatchObject([
      { state: "expired", reason: "taken", round: { asked: "renew" }, validUntil: null },
    ]);
    expect(JSON.stringify(received.locks[0]?.round)).toContain('"owner":"them"');
    await world.run(theirs.close());
  });

  it("reports a handover", async () => {
    const { world, locks, received, listen, clock } = tracked();
    listen();
    const note = (await world.run(locks.acquire("a"))).handover();
    await clock.advance(100);
    expect(received.locks).toMatchObject([{ state: "idle", reason: "handedOver" }]);
    expect(JSON.stringify(received.frames)).not.toContain(note);
  });

  it("sends a later listener the current state, and then the same frames as the others", async () => {
    const { world, locks, tracker, received, listen, clock } = tracked();
    await world.run(locks.acquire("before"));
    const handle = locks.handle("idle");
    listen();
    expect(received.kinds()).toEqual(["beat", "locks"]);
    expect(received.locks).toMatchObject([{ resources: ["before"], state: "held", attempts: 1 }]);
    await world.run(handle.acquire());
    const { ReceivedFrames } = await import("./tracked.js");
    const later = new ReceivedFrames();
    tracker.listen((frame) => later.take(frame));
    expect(later.locks).toEqual(received.locks);
    expect(later.locks).toHaveLength(2);
    await world.run(handle.release());
    await clock.advance(100);
    expect(later.locks).toEqual(received.locks);
    expect(later.frames.at(-1)).toEqual(received.frames.at(-1));
  });

  it("shows a loop of acquisitions as one row, and locks that are in use together as rows of their own", async () => {
    const { world, locks, received, listen, clock } = tracked();
    listen();
    for (let turn = 0; turn < 5; turn++) await world.run(locks.using("a", () => {}));
    const waiters = Array.from({ length: 3 }, () => locks.using("a", () => {}));
    await world.run(Promise.all(waiters));
    await clock.advance(100);
    expect(received.locks).toHaveLength(3);
    expect(new Set(received.steps.slice(0, 20).map(({ lock }) => lock.id)).size).toBe(1);
    for (const { lock } of received.steps) expect(lock.id).toMatch(new RegExp(`^${lock.source}/[123]$`));
  });

  it("lets a handle keep its row, unless another lock has it", async () => {
    const { world, locks, received, listen, clock } = tracked();
    listen();
    const handle = locks.handle("a");
    const idOf = async () => {
      await world.run(handle.acquire());
      await clock.advance(100);
      const id = received.steps.at(-1)?.lock.id;
      await world.run(handle.release());
      await clock.advance(100);
      return id;
    };
    const first = await idOf();
    expect(await idOf()).toBe(first);
    const other = await world.run(locks.acquire("a"));
    await clock.advance(100);
    expect(received.steps.at(-1)?.lock.id).toBe(first);
    const second = locks.handle("a").acquire();
    await clock.advance(100);
    expect(received.steps.at(-1)?.lock.id).not.toBe(first);
    await world.run(other.release());
    await world.run(second);
  });

  it("reports a lock for ten seconds after its last use", async () => {
    const { world, locks, received, listen, clock } = tracked();
    listen();
    await world.run(locks.using("a", () => {}));
    await clock.advance(9_000);
    expect(received.locks).toHaveLength(1);
    await clock.advance(3_000);
    expect(received.locks).toHaveLength(0);
    expect(received.kinds().filter((kind) => kind === "gone")).toHaveLength(1);
  });

  it("beats every second, and when a node changes", async () => {
    const { world, locks, received, listen, clock } = tracked({ quarantine: false });
    await world.run(locks.using("a", () => {}));
    listen();
    await clock.advance(5_000);
    expect(beats(received.frames)).toHaveLength(6);
    await world.run(locks.using("a", () => {}));
    world.node(1).crash();
    await clock.advance(100);
    const last = beats(received.frames).at(-1);
    expect(last).toMatchObject({ owner: "me", pid: process.pid, prefix: "", missed: 0 });
    expect(last?.nodes[1]).toMatchObject({
      name: "node-1",
      state: "down",
      cause: "node-1 crashed",
      step: { event: "DISCONNECTED", from: "ready", to: "down" },
    });
    expect(last?.nodes[0]).toMatchObject({
      state: "ready",
      p50: expect.any(Number),
      p99: expect.any(Number),
    });
    expect(last?.totals).toMatchObject({ acquired: 2, released: 2, failed: 0 });
  });

  it("keeps no timer without listeners, and none that keeps the process alive", async () => {
    const { world, locks, tracker, listen, clock } = tracked();
    await world.run(locks.using("a", () => {}));
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
    const kept: boolean[] = [];
    const after = clock.after.bind(clock);
    Object.assign(clock, {
      after: (delay: number, callback: () => void, background?: boolean) => {
        kept.push(background === true);
        return after(delay, callback);
      },
    });
    const leave = listen();
    await clock.advance(3_000);
    expect(kept.length).toBeGreaterThan(2);
    expect(kept).not.toContain(false);
    leave();
    expect(clock.pending).toBe(0);
    expect(tracker.snapshot().map(({ kind }) => kind)).toEqual(["beat"]);
    expect(clock.pending).toBe(0);
  });

  it("counts every step, also without listeners and beyond the rate limit", async () => {
    const { world, locks, received, listen, clock } = tracked({ ttl: 500 }, 10);
    for (let turn = 0; turn < 20; turn++) await world.run(locks.using("a", () => {}));
    const held = await world.run(locks.acquire("b"));
    listen();
    for (let turn = 0; turn < 20; turn++) await world.run(locks.using("a", () => {}));
    expect(await world.run(locks.tryAcquire("b"))).toBeNull();
    await clock.advance(1_000);
    for (const node of world.nodes) node.hang();
    await clock.advance(3_000);
    const { totals, missed } = beats(received.frames).at(-1) as Beat;
    expect(totals).toMatchObject({ acquired: 41, released: 40, failed: 1, expired: 1 });
    expect(totals.renewed).toBeGreaterThan(3);
    expect(totals.quorumLost).toBeGreaterThan(0);
    expect(missed).toBeGreaterThan(60);
    expect(held.remaining()).toBe(0);
    expect(received.locks.find(({ resources }) => resources[0] === "b")?.state).toBe("expired");
  });

  it("keeps to its rate limit, and leaves no row outdated for long", async () => {
    const { world, locks, received, listen, clock } = tracked({}, 20);
    listen();
    const leases = await world.run(
      Promise.all(Array.from({ length: 50 }, (_, index) => locks.acquire(`r${index}`))),
    );
    const handles = leases.slice(0, 25);
    await clock.advance(600);
    expect(received.steps.length).toBeLessThanOrEqual(20);
    expect(received.locks).toHaveLength(50);
    for (const { state, granted, ttl } of received.locks) {
      expect({ state, ttl, told: granted !== null }).toEqual({ state: "held", ttl: 10_000, told: true });
    }
    await world.run(Promise.all(handles.map((lease) => lease.release())));
    await clock.advance(600);
    const states = received.locks.map(({ state }) => state);
    expect(states.filter((state) => state === "idle")).toHaveLength(25);
    expect(states.filter((state) => state === "held")).toHaveLength(25);
    const seconds = 2;
    expect(received.steps.length).toBeLessThanOrEqual(20 * (seconds + 1));
  });

  it("announces the end when the locks are closed, after all earlier steps", async () => {
    const { world, locks, tracker, received, listen, clock } = tracked();
    listen();
    await world.run(locks.acquire("a"));
    await world.run(locks.close());
    expect(received.moves.at(-1)).toBe("RELEASED releasing>idle");
    expect(received.kinds().at(-1)).toBe("bye");
    expect(clock.pending).toBe(0);
    const more: unknown[] = [];
    tracker.listen((frame) => more.push(frame));
    expect(more).toEqual([]);
  });

  it("tolerates listeners that throw, or that use the locks", async () => {
    const failures: unknown[] = [];
    const { world, locks, tracker, received, listen, clock } = tracked({
      onListenerError: (error, event) => failures.push([event, String(error)]),
    });
    tracker.listen(() => {
      throw new Error("sink");
    });
    let used: Promise<unknown> | null = null;
    tracker.listen((frame) => {
      if (frame.kind === "steps") used ??= locks.using("inner", () => {});
    });
    listen();
    await world.run(locks.using("outer", () => {}));
    await clock.advance(300);
    await used;
    expect(new Set(received.locks.map(({ resources }) => resources[0]))).toEqual(new Set(["outer", "inner"]));
    expect(failures.length).toBe(received.frames.length);
    expect(failures[0]).toEqual(["inspection", "Error: sink"]);
  });

  it("sends valid frames, however long the texts of users and nodes are", async () => {
    const long = "ü".repeat(100_000);
    const loud: MemoryNode = memoryNode(`node ${long}`);
    const { world, locks, received, listen, clock } = tracked({
      nodes: [loud],
      prefix: long,
      owner: "o".repeat(128),
    });
    listen();
    const names = Array.from({ length: 12 }, (_, index) => `${index}${long}`);
    await world.run(locks.acquire(names));
    await expect(world.run(locks.acquire(names[0] ?? "", { wait: 0 }))).rejects.toThrow();
    loud.crash();
    await clock.advance(1_000);
    expect(received.locks.map(({ resources, more }) => [resources.length, more])).toEqual([
      [10, 2],
      [1, undefined],
    ]);
    for (const frame of received.frames) expect(JSON.stringify(frame).length).toBeLessThan(64 * 1024);
  });

  it("has ids of its own if a manager has several trackers", async () => {
    const { manager, locks, world, tracker, received, listen } = tracked();
    const second = new Tracker(manager);
    listen();
    await world.run(locks.acquire("a"));
    const ids = [tracker, second].flatMap((one) =>
      one.snapshot().flatMap((frame) => (frame.kind === "locks" ? frame.locks.map(({ id }) => id) : [])),
    );
    expect(new Set(ids).size).toBe(2);
    expect(received.locks).toHaveLength(1);
    second.stop();
    expect(managerOf(locks)).toBe(manager);
    await settle();
  });

  it("sends valid frames, and finally the right state of every lock, whatever happens", async () => {
    const name = fc.oneof(fc.constantFrom("a", "b"), fc.string({ minLength: 1, unit: "grapheme" }));
    const deed = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ take: name, ttl: fc.integer({ min: 50, max: 3_000 }), fence: fc.boolean() }),
      },
      { weight: 3, arbitrary: fc.record({ give: fc.nat() }) },
      fc.record({
        node: fc.nat(2),
        fate: fc.constantFrom("crash", "reconnect", "hang", "wake", "flush", "restart"),
      }),
      { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: 0, max: 1_500 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(deed, { maxLength: 25 }),
        fc.integer({ min: 1, max: 60 }),
        async (deeds, rate) => {
          const { world, locks, manager, tracker, received, listen, clock } = tracked(
            { quarantine: false },
            rate,
          );
          listen();
          const leases: Lease[] = [];
          for (const done of deeds) {
            if ("take" in done) {
              const { take, ttl, fence } = done;
              locks.acquire(take, { ttl, fence, wait: 500 }).catch(() => {});
              void locks.acquire(take, { ttl, wait: 400 }).then(
                (lease) => leases.push(lease),
                () => {},
              );
            } else if ("give" in done) void leases[done.give % leases.length]?.release();
            else if ("node" in done) world.node(done.node)[done.fate]();
            else await clock.advance(done.pass);
          }
          // Makes the tracker send the current state of locks whose steps were not reported individually.
          tracker.snapshot();
          const inUse = manager.inUse.map(({ path, resources }) => `${resources} ${path}`).sort();
          const reported = received.locks.filter(({ state }) => state !== "idle" && state !== "expired");
          tracker.stop();
          for (const node of world.nodes) node.wake();
          await world.run(locks.close({ timeout: 0 }));
          expect(reported.map(({ resources, state }) => `${resources} ${state}`).sort()).toEqual(inUse);
        },
      ),
      { numRuns: 60 },
    );
  });
});
