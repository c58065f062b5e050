import { expect, test } from "vitest";
import { tracked } from "./tracked.js";

test("the views of a semaphore's locks tell its permits, and how many a lock has or wants", async () => {
  const { world, locks, received, listen, clock } = tracked();
  listen();
  const imports = locks.semaphore("imports", { permits: 3 });
  const lease = await world.run(imports.acquire({ weight: 2 }));
  const other = imports.acquire({ weight: 3, wait: 5_000 }).catch(() => null);
  await clock.advance(200);
  expect(received.locks.map(({ permits, weight, state }) => [permits, weight, state.split(".")[0]])).toEqual([
    [3, 2, "held"],
    [3, 3, "acquiring"],
  ]);
  await lease.release();
  await clock.advance(200);
  expect(received.locks.map(({ weight, state }) => [weight, state.split(".")[0]])).toEqual([
    [2, "idle"],
    [3, "held"],
  ]);
  await world.run(locks.close());
  await other;
});

test("the views of a candidate's locks tell how many terms it has led; those of other locks do not", async () => {
  const { world, locks, received, listen, clock } = tracked();
  listen();
  const election = locks.election("scheduler");
  await clock.advance(100);
  const views = () => received.locks.map(({ resources, terms, state }) => [resources[0], terms, state]);
  expect(views()).toEqual([["scheduler", 1, "held"]]);
  await world.run(election.resign());
  await clock.advance(100);
  expect(views()).toEqual([["scheduler", 2, "held"]]);
  await world.run(election.close());
  await world.run(locks.acquire("payouts:42"));
  await clock.advance(100);
  expect(views()).toEqual([
    ["scheduler", 2, "idle"],
    ["payouts:42", undefined, "held"],
  ]);
});
