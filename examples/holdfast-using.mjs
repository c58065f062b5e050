// A job that takes longer than its TTL: the lock is renewed while the job runs, and a loss is reported immediately.
import { setTimeout as pause } from "node:timers/promises";
import { createLocks } from "holdfast";

const nodes = (
  process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380 redis://127.0.0.1:6381"
).split(" ");
const resource = process.env.RESOURCE ?? "locks:example";
// Locks both accounts or neither.
const accounts = [`${resource}:alice`, `${resource}:bob`];

const locks = createLocks({ nodes, ttl: 2_000 });
locks.on("acquired", ({ resources }) => console.log(`  acquired ${resources.join(" and ")}`));
locks.on("quorumLost", ({ remaining }) =>
  console.log(`  too few nodes answer; still ours for ${remaining} ms`),
);
locks.on("expired", ({ reason }) => console.log(`  lost: ${reason}`));
locks.on("released", () => console.log("  released"));

let renewals = 0;
locks.on("renewed", () => {
  renewals++;
});

const onLost = ({ reason }) => console.log(`stop the work: ${reason}`);

const moved = await locks.using(accounts, { wait: 5_000, onLost }, async (lease) => {
  // Refused, because one of the two accounts is locked.
  const other = await locks.tryAcquire(accounts[1]);
  console.log(`another caller gets ${other === null ? "nothing" : "a lock"}`);

  let steps = 0;
  while (steps < 5) {
    // If the lease is lost, the signal ends the pause and the job. Pass the signal to every function that accepts one.
    await pause(600, undefined, { signal: lease.signal });
    steps++;
  }
  return steps;
});
console.log(`${moved} steps in 3 seconds, with a lock of 2 seconds`);
console.log(renewals > 0 ? "it was renewed on the way" : "it was never renewed");

await locks.close();
