import { expect, it } from "vitest";
import { TestNodes } from "./test-nodes.js";

it.each([0.01, 0.3, 0.45])(
  "a lease is renewed before its deadline, however much drift is taken off: %d",
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
    // Between two fifths and half of the validity each, or a step before.
    expect(renewals).toBeLessThan(10_000 / ((1_000 * (1 - driftFactor) * 2) / 5 - 50));
    await testNodes.run(lease.release());
  },
);

it("what was asked for by a renewal stays for the renewals to come, longer or shorter", async () => {
  const testNodes = new TestNodes();
  const locks = testNodes.locks({ ttl: 1_000 });
  const lease = await testNodes.run(locks.acquire("a"));
  await testNodes.run(lease.renew(4_000));
  for (let spent = 0; spent < 20_000; spent += 100) {
    await testNodes.clock.advance(100);
    // Half of it is used up when it is renewed.
    expect(lease.remaining()).toBeGreaterThan(1_500);
  }
  await testNodes.run(lease.renew(1_000));
  // What was left of the longer one is not taken away.
  await testNodes.clock.advance(10_000);
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(lease.remaining()).toBeLessThan(1_000);
  await testNodes.run(lease.release());
});

it.each([
  [2_000, 200],
  [60_000, 1_000],
])(
  "a renewal that finds no quorum is tried again within a tenth of the ttl, a second at most: %d",
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
    // By chance, so that those that lost their quorum together do not all come back at once; and not all the time.
    expect(Math.min(...pauses)).toBeLessThan(Math.max(...pauses));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(pause / 2 - 1);
    expect(lease.signal.aborted).toBe(false);
  },
);

it("a lease is renewed no more when that cannot move its deadline any more", async () => {
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
  // The second one, after four fifths of the ttl at the earliest, reaches beyond it.
  expect(renewals).toBeLessThanOrEqual(2);
});

it("a lease that somebody else has taken ended when that was found, not at its deadline", async () => {
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
