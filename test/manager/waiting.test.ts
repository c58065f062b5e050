import { describe, expect, it } from "vitest";
import { Redlock } from "../../src/redlock.js";
import { addDeadWaiter } from "./queues.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

const code = (error: unknown) => (error as { code?: string }).code;

/** Leaves "a" free but reserved for a dead waiter. */
async function reserve(testNodes: TestNodes) {
  const holder = testNodes.locks();
  const held = await testNodes.run(holder.acquire("a"));
  await addDeadWaiter(testNodes.nodes, "a");
  await held.release();
  await settle();
}

describe("a free lock that is reserved for the longest waiter", () => {
  it("is denied to a caller that asks once, until the reservation expires", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    await reserve(testNodes);
    expect(await testNodes.run(locks.tryAcquire("a"), 5)).toBeNull();
    expect(await testNodes.run(locks.tryAcquire(["b", "a"]), 5)).toBeNull();
    const error = await testNodes.run(
      locks.acquire("a", { wait: 0 }).catch((reason: Error) => reason),
      5,
    );
    expect(error).toMatchObject({ code: "LOCK_CONTENDED", attempts: 1, holder: undefined });
    expect((error as Error).message).toBe(
      '"a" is held by somebody, or kept for somebody who has waited longer; gave up after 1 attempt. ' +
        "Wait longer (wait, retry) or try again later.",
    );
    await testNodes.clock.advance(50);
    expect(await testNodes.run(locks.tryAcquire("a"), 5)).not.toBeNull();
  });

  it("is granted to unfair callers and to Redlock, also together with other resources", async () => {
    const fresh = async () => {
      const testNodes = new TestNodes();
      await reserve(testNodes);
      return testNodes;
    };
    const unfair = await fresh();
    expect(await unfair.run(unfair.locks({ fair: false }).tryAcquire("a"), 5)).not.toBeNull();
    const several = await fresh();
    expect(await several.run(several.locks({ fair: false }).tryAcquire(["b", "a"]), 5)).not.toBeNull();
    for (const resources of [["a"], ["b", "a"]]) {
      const other = await fresh();
      const redlock = new Redlock(other.nodes, { clock: other.clock, retryCount: 0 });
      expect(await other.run(redlock.acquire(resources, 1_000), 5)).toMatchObject({ resources });
    }
  });
});

describe("several resources at once", () => {
  it("wake the waiters for each of them when they are released", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire(["a", "b", "c"]));
    const waiting = ["a", "b", "c"].map((name) => locks.acquire(name));
    await testNodes.clock.advance(30);
    await held.release();
    const leases = await testNodes.run(Promise.all(waiting), 10);
    const all = locks.acquire(["a", "b", "c"]);
    await testNodes.clock.advance(30);
    for (const lease of leases) await lease.release();
    // The caller of all resources may have to ask again after its retry delay.
    await testNodes.run(all, 1_000);
    expect(await testNodes.run(locks.tryAcquire("a"), 5)).toBeNull();
  });
});

describe("a lock with waiters", () => {
  it("gets a higher fence with each lease", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire("a", { fence: true }));
    const waiting = [1, 2, 3].map(() => locks.using("a", { fence: true }, async ({ fence }) => fence));
    await testNodes.clock.advance(100);
    await held.release();
    const fences = [held.fence, ...(await testNodes.run(Promise.all(waiting), 10))];
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
    expect(new Set(fences).size).toBe(4);
  });

  it("can be handed over, and goes to the waiters when the adopter releases it", async () => {
    const testNodes = new TestNodes();
    const [holder, adopter, locks] = [testNodes.locks(), testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire("a"));
    let served = false;
    const waiting = locks.using("a", async () => {
      served = true;
    });
    await testNodes.clock.advance(100);
    const adopted = await testNodes.run(adopter.adopt(held.handover()), 100);
    await testNodes.clock.advance(1_000);
    expect(served).toBe(false);
    await adopted.release();
    await testNodes.run(waiting, 10);
  });

  it("is renewed while hundreds wait for it", async () => {
    const testNodes = new TestNodes();
    const processes = [0, 1, 2, 3].map(() => testNodes.locks());
    const holder = testNodes.locks({ ttl: 2_000 });
    const held = await testNodes.run(holder.acquire("a"));
    const waiting = processes.flatMap((locks) =>
      Array.from({ length: 100 }, () => locks.using("a", { wait: 60_000 }, async () => {})),
    );
    const lost = listen(holder);
    await testNodes.clock.advance(20_000);
    expect(held.remaining()).toBeGreaterThan(0);
    expect(lost.filter(({ name }) => name !== "renewed")).toEqual([]);
    await held.release();
    await testNodes.run(Promise.all(waiting), 1_000);
  });

  it("leaves the handle reusable: the handle is idle after a timeout and can wait again", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const handle = locks.handle("a");
    for (let times = 0; times < 3; times++) {
      const held = await testNodes.run(holder.acquire("a"));
      await testNodes.run(handle.acquire({ wait: 100 }).catch(code));
      expect(handle.state).toBe("idle");
      const acquiring = handle.acquire();
      await testNodes.clock.advance(450);
      expect(handle.state).toBe("acquiring");
      await held.release();
      await testNodes.run(acquiring, 10);
      expect(handle.state).toBe("held");
      await handle.release();
      expect(handle.state).toBe("idle");
    }
  });
});

describe("a custom retry policy", () => {
  it("gives up after as many attempts as it allows", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    await testNodes.run(holder.acquire("a", { renew: false, ttl: 60_000 }));
    for (const count of [0, 1, 2, 5]) {
      const retry = { count, delay: 20, jitter: 0 } as const;
      const error = await testNodes.run(locks.acquire("a", { retry }).catch((reason: unknown) => reason));
      expect(error).toMatchObject({ code: "LOCK_CONTENDED", attempts: count + 1 });
    }
  });

  it("is called after each attempt, with its number and the reason, and bounds the delay", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const events = listen(locks);
    const held = await testNodes.run(holder.acquire("a"));
    const policyCalls: unknown[] = [];
    const retry = (attempt: number, reason: string) => {
      policyCalls.push([attempt, reason]);
      return 100;
    };
    const waiting = locks.acquire("a", { retry });
    await testNodes.clock.advance(450);
    await held.release();
    await testNodes.run(waiting, 5);
    expect(policyCalls).toEqual(policyCalls.map((_, index) => [index + 1, "contended"]));
    expect(policyCalls.length).toBeGreaterThanOrEqual(5);
    expect(policyCalls.length).toBeLessThanOrEqual(6);
    const retrying = events.filter(({ name }) => name === "retrying").map(({ event }) => event.attempt);
    expect(retrying).toEqual(policyCalls.map((_, index) => index + 1));
    const acquired = events.find(({ name }) => name === "acquired");
    expect(acquired?.event).toMatchObject({ attempt: policyCalls.length + 1 });
  });

  it("that is slower than the life of a queue position still gets the lock when it asks", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire("a"));
    const waiting = locks.acquire("a", { retry: { delay: 3_000, maxDelay: 3_000, jitter: 0 } });
    await testNodes.clock.advance(2_900);
    await held.release();
    await testNodes.run(waiting, 3_000);
  });
});
