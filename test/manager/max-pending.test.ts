import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Lease, LocksOptions } from "../../src/index.js";
import { InvalidOptionError, OverloadedError } from "../../src/index.js";
import { caught, scripted } from "../safety/scripted-locks.js";
import { settle, TestNodes } from "./test-nodes.js";

const overloaded = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    (error: unknown) => error instanceof OverloadedError,
  );

/** Returns how many more acquisitions may be pending, at most `limit + 1`. These acquisitions are aborted. */
async function capacity(
  testNodes: TestNodes,
  locks: ReturnType<TestNodes["locks"]>,
  limit: number,
): Promise<number> {
  const controller = new AbortController();
  const asked = Array.from({ length: limit + 1 }, (_, index) =>
    overloaded(locks.acquire(`free${index}`, { signal: controller.signal })),
  );
  controller.abort(new Error("only asked"));
  const refused = await testNodes.run(Promise.all(asked));
  return refused.filter((one) => !one).length;
}

describe("maxPending", () => {
  it("rejects an acquisition over the limit at once, without asking a node", async () => {
    const { locks, nodes } = scripted(3, { maxPending: 3 });
    for (const resource of ["a", "b", "b"]) void locks.acquire(resource).catch(() => {});
    const error = await caught(locks.acquire("c"));
    expect(error).toBeInstanceOf(OverloadedError);
    expect(error).toMatchObject({ code: "OVERLOADED", resources: ["c"], maxPending: 3 });
    expect(String(error)).toMatch(
      /"?c"? was not asked for: 3 acquisitions are pending already \(maxPending\)/,
    );
    expect(await caught(locks.tryAcquire("d"))).toBeInstanceOf(OverloadedError);
    expect(await caught(locks.using("e", () => "never"))).toBeInstanceOf(OverloadedError);
    await settle();
    expect(new Set(nodes.flatMap((node) => node.arrivals.flatMap(({ command }) => command.keys)))).toEqual(
      new Set(["a", "b"]),
    );
  });

  it("leaves a rejected handle idle and reusable", async () => {
    const testNodes = new TestNodes(1);
    const locks = testNodes.locks({ maxPending: 1 });
    const handle = locks.handle("a");
    const first = locks.acquire("b");
    expect(await caught(handle.acquire())).toBeInstanceOf(OverloadedError);
    expect(handle.state).toBe("idle");
    await first;
    expect((await handle.acquire()).remaining()).toBeGreaterThan(0);
  });

  it("does not count held leases", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ maxPending: 2 });
    for (let index = 0; index < 20; index++) await locks.acquire(`r${index}`);
    expect(await capacity(testNodes, locks, 2)).toBe(2);
  });

  it("may be Infinity", async () => {
    const testNodes = new TestNodes(1);
    const locks = testNodes.locks({ maxPending: Number.POSITIVE_INFINITY });
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => locks.acquire(`r${index}`)));
  });

  it.each([0, -1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, "5", null, true, {}])(
    "is rejected with the value %o",
    (maxPending) => {
      const make = () => new TestNodes(1).locks({ maxPending } as unknown as Partial<LocksOptions>);
      expect(make).toThrow(InvalidOptionError);
      expect(make).toThrow(/^maxPending must be an integer from 1, or Infinity; got /);
    },
  );

  it("frees its slot after every outcome, so that the count never leaks", async () => {
    const kinds = [
      "granted",
      "try",
      "aborted",
      "aborted before",
      "timed out",
      "no quorum",
      "policy throws",
      "several",
    ];
    const step = fc.record({
      kind: fc.constantFrom(...kinds),
      resource: fc.constantFrom("a", "b", "c"),
      pause: fc.constantFrom(0, 1, 40),
      node: fc.constantFrom("none", "crash", "restart", "hang", "wake"),
      release: fc.boolean(),
    });
    const limit = 3;
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 20 }), async (steps) => {
        const testNodes = new TestNodes(3);
        const locks = testNodes.locks({ maxPending: limit, ttl: 400, nodeTimeout: 50, renew: false });
        const ends: Promise<unknown>[] = [];
        for (const { kind, resource, pause, node, release } of steps) {
          const controller = new AbortController();
          const { signal } = controller;
          if (kind === "aborted before") controller.abort(new Error("before"));
          const asked: Promise<Lease | null> =
            kind === "try"
              ? locks.tryAcquire(resource)
              : locks.acquire(kind === "several" ? ["a", resource === "a" ? "b" : resource] : resource, {
                  wait: kind === "timed out" ? 30 : 300,
                  signal,
                  ...(kind === "no quorum" && { retry: { count: 0 } }),
                  ...(kind === "policy throws" && {
                    retry: () => {
                      throw new Error("no policy");
                    },
                  }),
                });
          ends.push(
            asked.then(
              (lease) => (release ? lease?.release() : undefined),
              (error: unknown) => {
                if (error instanceof OverloadedError) refusals++;
              },
            ),
          );
          if (kind === "aborted") controller.abort(new Error("enough"));
          if (node !== "none") testNodes.node(0)[node]();
          if (node === "crash" || node === "restart") testNodes.node(1)[node]();
          if (pause > 0) await testNodes.clock.advance(pause);
        }
        await testNodes.run(Promise.all(ends));
        for (const node of testNodes.nodes) node.wake();
        await testNodes.clock.advance(1_000);
        expect(await capacity(testNodes, locks, limit)).toBe(limit);
        await testNodes.run(locks.close());
      }),
      { numRuns: 60, seed: 20261121 },
    );
    // Otherwise the test would not have reached the limit.
    expect(refusals).toBeGreaterThan(50);
  }, 120_000);

  it("frees the slot of a handle whose acquisition is aborted, and of a lease that is adopted elsewhere", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ maxPending: 2 });
    const lease = await locks.acquire("a");
    const note = lease.handover();
    const adopted = await testNodes.locks({ maxPending: 1 }).adopt(note);
    const handle = locks.handle("a");
    for (let round = 0; round < 5; round++) {
      const controller = new AbortController();
      const waiting = caught(handle.acquire({ signal: controller.signal }));
      await settle();
      controller.abort(new Error("enough"));
      await waiting;
    }
    expect(await capacity(testNodes, locks, 2)).toBe(2);
    await adopted.release();
  });
});
