import { expect, it } from "vitest";
import { granted } from "../engine/scripted-node.js";
import { answer, scripted, settle } from "../safety/scripted-locks.js";
import { far } from "../support/far-node.js";
import { TestNodes } from "./test-nodes.js";

it("a listener is called when the lock has come to rest, also where every node fails in the call itself", async () => {
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

it("a caller whose signal has been aborted before is told its reason, and no node is asked", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks();
  await testNodes.run(locks.using("met", () => {}));
  const heard: string[] = [];
  for (const name of ["acquiring", "failed", "acquired"] as const) locks.on(name, () => heard.push(name));
  const reason = new Error("enough");
  await expect(testNodes.run(locks.acquire("a", { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  expect(heard).toEqual([]);
  expect(await testNodes.holders("a")).toEqual([false, false, false]);
});

it("the time that it takes to connect is not taken off the lease", async () => {
  const { locks, nodes, clock } = scripted(3, { ttl: 1_000, wait: 10_000, renew: false });
  for (const node of nodes) node.connection = "connecting";
  const acquisition = locks.acquire("a");
  await settle();
  await clock.advance(1_500);
  for (const node of nodes) node.change("ready");
  await answer(nodes, "acquire", [granted, granted, granted]);
  expect((await acquisition).remaining()).toBeGreaterThan(950);
});

it("who waits is told of an attempt that was given up while its grants were on their way", async () => {
  const testNodes = new TestNodes();
  const slow = testNodes.locks({
    nodes: testNodes.nodes.map((node) => far(node, testNodes.clock, { delay: () => 20 })),
    owner: "slow",
  });
  const locks = testNodes.locks();
  await testNodes.run(slow.using("met", () => {}));
  await testNodes.run(locks.using("met", () => {}));
  const abort = new AbortController();
  const given = slow.acquire("a", { signal: abort.signal }).catch(() => "given up");
  // The nodes have granted it, and their answers are under way.
  await testNodes.clock.advance(25);
  const start = testNodes.clock.monotonic();
  let waited: number | null = null;
  const waiting = locks.acquire("a").then((lease) => {
    waited = testNodes.clock.monotonic() - start;
    return lease;
  });
  await testNodes.clock.advance(5);
  abort.abort();
  expect(await testNodes.run(given)).toBe("given up");
  await testNodes.run((await testNodes.run(waiting)).release());
  // It would ask again by itself after 300 ms at the earliest.
  expect(waited).toBeLessThan(100);
});

it("a ttl that drift uses up is refused by the first attempt: no other one could succeed", async () => {
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
