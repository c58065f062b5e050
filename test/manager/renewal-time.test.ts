import { expect, it } from "vitest";
import { TestNodes } from "./test-nodes.js";

it.each([0.01, 0.3, 0.45])(
  "a lease is renewed before its deadline with any drift factor: %d",
  async (driftFactor) => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 1_000, driftFactor });
    const lease = await testNodes.run(locks.acquire("a"));
    let renewals = 0;
    locks.on("renewed", () => {
      renewals += 1;
    });
    await testNodes.clock.advance(10_000);
    expect(lease.signal.aborted).toBe(false);
    expect(renewals).toBeGreaterThan(10);
    // Each renewal starts between two fifths and half of the validity, or one step earlier.
    expect(renewals).toBeLessThan(10_000 / ((1_000 * (1 - driftFactor) * 2) / 5 - 50));
    await testNodes.run(lease.release());
  },
);

it("the TTL of a manual renewal applies to later renewals, whether it is longer or shorter", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks({ ttl: 1_000 });
  const lease = await testNodes.run(locks.acquire("a"));
  await testNodes.run(lease.renew(4_000));
  for (let spent = 0; spent < 20_000; spent += 100) {
    await testNodes.clock.advance(100);
    // The lease is renewed when half of its validity is used.
    expect(lease.remaining()).toBeGreaterThan(1_500);
  }
  await testNodes.run(lease.renew(1_000));
  // The shorter renewal does not shorten the remaining validity.
  await testNodes.clock.advance(10_000);
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(lease.remaining()).toBeLessThan(1_000);
  await testNodes.run(lease.release());
});

it.each([
  [2_000, 200],
  [60_000, 1_000],
])(
  "a renewal that finds no quorum is retried within a tenth of the TTL, and within a second: %d",
  async (ttl, pause) => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl, nodeTimeout: 50 });
    const lease = await testNodes.run(locks.acquire("a"));
    const lost: number[] = [];
    locks.on("quorumLost", () => lost.push(testNodes.clock.monotonic()));
    testNodes.node(0).crash();
    testNodes.node(1).crash();
    await testNodes.clock.advance(ttl * 0.9);
    expect(lost.length).toBeGreaterThan(2);
    const pauses = lost.slice(1).map((at, index) => at - (lost[index] ?? at));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(pause + 50);
    // Jitter spreads the renewals of leases that lost their quorum together, with a minimum pause.
    expect(Math.min(...pauses)).toBeLessThan(Math.max(...pauses));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(pause / 2 - 1);
    expect(lease.signal.aborted).toBe(false);
  },
);

it("a lease is not renewed when a renewal cannot extend its deadline", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks({ ttl: 1_000, maxHold: 1_500 });
  let renewals = 0;
  locks.on("renewed", () => {
    renewals += 1;
  });
  const expired = new Promise((resolve) => locks.once("expired", resolve));
  await testNodes.run(locks.acquire("a"));
  expect(await testNodes.run(expired, 2_000)).toMatchObject({ reason: "maxHold" });
  expect(renewals).toBeGreaterThan(0);
  // The second renewal, after at least four fifths of the TTL, reaches beyond maxHold.
  expect(renewals).toBeLessThanOrEqual(2);
});

it("a lease that another client has taken ends when the loss is detected, not at its deadline", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks({ ttl: 10_000 });
  const lease = await testNodes.run(locks.acquire("a"));
  for (const node of testNodes.nodes) node.flush();
  const other = testNodes.locks({ ttl: 60_000, quarantine: false });
  await testNodes.run(other.acquire("a"));
  const expired = new Promise<{ validUntil: number; time: number }>((resolve) =>
    locks.once("expired", resolve),
  );
  await testNodes.run(lease.renew().catch(() => {}));
  const { validUntil, time } = await testNodes.run(expired, 10_000);
  expect(validUntil).toBeLessThanOrEqual(time);
});
