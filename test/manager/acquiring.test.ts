import { expect, it } from "vitest";
import { granted } from "../engine/scripted-node.js";
import { answer, scripted, settle } from "../safety/scripted-locks.js";
import { far } from "../support/far-node.js";
import { TestNodes } from "./test-nodes.js";

it("a listener is called after the state change, even when every node fails synchronously", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks({ nodeTimeout: 50 });
  await testNodes.run(locks.using("met", () => {}));
  for (const node of testNodes.nodes) node.crash();
  const handle = locks.handle("a", { retry: { count: 1, delay: 100, jitter: 0 } });
  const states: string[] = [];
  for (const name of ["acquiring", "retrying", "failed"] as const) {
    handle.on(name, () => states.push(`${name}: ${handle.state}`));
  }
  const error = await testNodes.run(handle.acquire().catch((reason: { code: string }) => reason.code));
  expect(error).toBe("QUORUM_UNAVAILABLE");
  expect(states).toEqual(["acquiring: acquiring", "retrying: acquiring", "failed: idle"]);
});

it("a caller with an aborted signal gets its reason, and no node is asked", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks();
  await testNodes.run(locks.using("met", () => {}));
  const emitted: string[] = [];
  for (const name of ["acquiring", "failed", "acquired"] as const) locks.on(name, () => emitted.push(name));
  const reason = new Error("enough");
  await expect(testNodes.run(locks.acquire("a", { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  expect(emitted).toEqual([]);
  expect(await testNodes.holders("a")).toEqual([false, false, false]);
});

/** A signal of another implementation, as it was before signals had reasons. */
class ForeignSignal extends EventTarget {
  aborted = false;

  abort(): void {
    this.aborted = true;
    this.dispatchEvent(new Event("abort"));
  }
}

it("a signal of another implementation ends a wait, a first attempt and a job", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks();
  const lease = await testNodes.run(locks.acquire("a"));
  const foreign = new ForeignSignal();
  const signal = foreign as unknown as AbortSignal;
  const aborted = expect.objectContaining({ name: "AbortError" });
  const waiting = expect(locks.acquire("a", { signal, wait: 10_000 })).rejects.toEqual(aborted);
  let reason: unknown;
  const working = locks.using("b", { signal }, async (own) => {
    await new Promise((resolve) => own.signal.addEventListener("abort", resolve));
    reason = own.signal.reason;
  });
  await settle();
  foreign.abort();
  await waiting;
  await testNodes.run(working);
  expect(reason).toEqual(aborted);
  await expect(locks.acquire("c", { signal })).rejects.toEqual(aborted);
  await testNodes.run(lease.release());
});

it("the connection time does not shorten the lease", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl: 1_000, wait: 10_000, renew: false });
  for (const node of nodes) node.connection = "connecting";
  const acquisition = locks.acquire("a");
  await settle();
  await clock.advance(1_500);
  for (const node of nodes) node.change("ready");
  await answer(nodes, "acquire", [granted, granted, granted]);
  expect((await acquisition).remaining()).toBeGreaterThan(950);
});

it("a waiter is woken when an attempt is aborted while its grants are in transit", async () => {
  const testNodes = new TestNodes();
  const slow = testNodes.locks({
    nodes: testNodes.nodes.map((node) => far(node, testNodes.clock, { delay: () => 20 })),
    owner: "slow",
  });
  const locks = testNodes.locks();
  await testNodes.run(slow.using("met", () => {}));
  await testNodes.run(locks.using("met", () => {}));
  const abort = new AbortController();
  const aborted = slow.acquire("a", { signal: abort.signal }).catch(() => "aborted up");
  // The nodes have granted the attempt, and their answers are in transit.
  await testNodes.clock.advance(25);
  const start = testNodes.clock.monotonic();
  let waited: number | null = null;
  const waiting = locks.acquire("a").then((lease) => {
    waited = testNodes.clock.monotonic() - start;
    return lease;
  });
  await testNodes.clock.advance(5);
  abort.abort();
  expect(await testNodes.run(aborted)).toBe("aborted up");
  await testNodes.run((await testNodes.run(waiting)).release());
  // Without the wake-up, the waiter would ask again after 300 ms at the earliest.
  expect(waited).toBeLessThan(100);
});

it("a TTL no longer than the drift fails at the first attempt, because no other attempt could succeed", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks({ ttl: 10_000 });
  await testNodes.run(locks.using("met", () => {}));
  const attempts: unknown[] = [];
  locks.on("retrying", (event) => attempts.push(event));
  const failure = testNodes.run(
    locks.acquire("a", { ttl: 2 }).catch((error: { code: string }) => error.code),
    1_000,
  );
  expect(await failure).toBe("QUORUM_UNAVAILABLE");
  expect(attempts).toEqual([]);
});
