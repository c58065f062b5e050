import { describe, expect, it } from "vitest";
import { far } from "../support/far-node.js";
import { addDeadWaiter } from "./queues.js";
import { settle, TestNodes } from "./test-nodes.js";

type Failure = Error & { code: string; attempts: number; cause?: Failure };
const failure = (error: unknown) => error as Failure;

describe("the callers of one process", () => {
  it("share one place on each node, in order of arrival", async () => {
    const testNodes = new TestNodes();
    const queueIds = testNodes.nodes.map(() => new Set<string>());
    let acquireCommands = 0;
    const nodes = testNodes.nodes.map((node, index) =>
      far(node, testNodes.clock, {
        delay: () => 1,
        sees: (command) => {
          if (command.op !== "acquire") return;
          acquireCommands++;
          if (command.queue?.place) queueIds[index]?.add(command.queue.place.id);
        },
      }),
    );
    const [holder, locks] = [testNodes.locks(), testNodes.locks({ nodes })];
    const held = await testNodes.run(holder.acquire("a"));
    const order: number[] = [];
    const all = Array.from({ length: 50 }, (_, index) =>
      locks.using("a", async () => void order.push(index)),
    );
    await testNodes.clock.advance(5_000);
    expect(queueIds.map(({ size }) => size)).toEqual([1, 1, 1]);
    // The front caller asks for all of them: twice at first, and then every 300 to 500 ms.
    expect(acquireCommands / 3).toBeLessThanOrEqual(2 + 5_000 / 300 + 1);
    await held.release();
    await testNodes.run(Promise.all(all));
    expect(order).toEqual(all.map((_, index) => index));
  });

  it("get an error with the reason when they time out as followers, without an attempt of their own", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const other = testNodes.locks({ owner: "other" });
    await testNodes.run(other.acquire("a", { renew: false, ttl: 60_000 }));
    const front = locks.acquire("a").catch(failure);
    const follower = locks.acquire("a", { wait: 300 }).catch(failure);
    const error = (await testNodes.run(follower)) as Failure;
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", attempts: 0, cause: { code: "LOCK_CONTENDED" } });
    expect(error.message).toMatch(
      /^could not acquire "a" within 300 ms: "a" is wanted by others in this process, who came before, and is held by other for up to [\d.]+ s; gave up before the first attempt\. Wait longer \(wait, retry\) or try again later\.$/,
    );
    const { message, cause } = (await testNodes.run(front)) as Failure;
    expect(message).toMatch(
      /^could not acquire "a" within 10 s: "a" is held by other for up to [\d.]+ m?s \(and for at least [\d.]+ s already\); gave/,
    );
    expect(cause).toMatchObject({ code: "LOCK_CONTENDED" });
  });

  it("leave the queue when they are aborted as followers", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const held = await testNodes.run(locks.acquire("a"));
    const order: number[] = [];
    const aborts = [0, 1, 2, 3].map(() => new AbortController());
    const all = aborts.map(({ signal }, index) =>
      locks.using("a", { signal }, async () => void order.push(index)).catch(() => {}),
    );
    await testNodes.clock.advance(50);
    aborts[1]?.abort();
    aborts[0]?.abort();
    await held.release();
    await testNodes.run(Promise.all(all));
    expect(order).toEqual([2, 3]);
  });

  it("fail one after the other, thousands of them, when the nodes are down", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    await testNodes.run(holder.acquire("a", { renew: false, ttl: 60_000 }));
    const codes = new Map<string, number>();
    const count = ({ code }: Failure) => codes.set(code, (codes.get(code) ?? 0) + 1);
    const retry = { count: 0 };
    // Without jitter, the front caller cannot give up before the nodes are down.
    const slow = { count: 3, delay: 1_000, jitter: 0 };
    const front = locks.acquire("a", { retry: slow }).catch((error) => count(failure(error)));
    await testNodes.clock.advance(20);
    const followers = Array.from({ length: 10_000 }, () =>
      locks.acquire("a", { retry }).catch((error) => count(failure(error))),
    );
    for (const node of testNodes.nodes) node.crash();
    await testNodes.run(Promise.all([front, ...followers]));
    expect([...codes]).toEqual([["QUORUM_UNAVAILABLE", 10_001]]);
  });

  it("limit their first attempts for thousands of resources, and all get their locks", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const all = Array.from({ length: 6_000 }, (_, index) => locks.using(`a${index}`, async () => index));
    expect(await testNodes.run(Promise.all(all))).toHaveLength(6_000);
  });
});

describe("a caller with fair: false", () => {
  it("takes a lock that is reserved for another process, ahead of the waiters of its own process", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire("a"));
    let fair = false;
    const waiting = locks.using("a", async () => {
      fair = true;
    });
    await testNodes.clock.advance(20);
    await addDeadWaiter(testNodes.nodes, "a");
    await held.release();
    await settle();
    expect(fair).toBe(false);
    const lease = await testNodes.run(locks.acquire("a", { fair: false }), 5);
    expect(fair).toBe(false);
    await lease.release();
    await testNodes.run(waiting, 600);
  });

  it("is woken as well, and queues behind other unfair callers in order", async () => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    const held = await testNodes.run(holder.acquire("a"));
    const order: number[] = [];
    const all = [0, 1, 2].map((index) =>
      locks.using("a", { fair: false }, async () => void order.push(index)),
    );
    await testNodes.clock.advance(50);
    await held.release();
    await testNodes.run(Promise.all(all), 10);
    expect(order).toEqual([0, 1, 2]);
  });

  it("takes a lock that its own process released at once", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const held = await testNodes.run(locks.acquire("a"));
    const waiting = locks.acquire("a", { fair: false });
    await testNodes.clock.advance(50);
    await addDeadWaiter(testNodes.nodes, "a");
    await held.release();
    await testNodes.run(waiting, 5);
  });
});
