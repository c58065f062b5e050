import { expect, it } from "vitest";
import { granted } from "../engine/scripted-node.js";
import { answer, scripted, settle } from "../safety/world.js";
import { far } from "../support/far-node.js";
import { World } from "./world.js";

it("a listener is called when the lock has come to rest, also where every node fails in the call itself", async () => {
  const world = new World();
  const locks = world.locks({ nodeTimeout: 50 });
  await world.run(locks.using("met", () => {}));
  for (const node of world.nodes) node.crash();
  const handle = locks.handle("a", { retry: { count: 1, delay: 100, jitter: 0 } });
  const states: string[] = [];
  for (const name of ["acquiring", "retrying", "failed"] as const) {
    handle.on(name, () => states.push(`${name}: ${handle.state}`));
  }
  const error = await world.run(handle.acquire().catch((reason: { code: string }) => reason.code));
  expect(error).toBe("QUORUM_UNAVAILABLE");
  expect(states).toEqual(["acquiring: acquiring", "retrying: acquiring", "failed: idle"]);
});

it("a caller whose signal has been aborted before is told its reason, and no node is asked", async () => {
  const world = new World();
  const locks = world.locks();
  await world.run(locks.using("met", () => {}));
  const heard: string[] = [];
  for (const name of ["acquiring", "failed", "acquired"] as const) locks.on(name, () => heard.push(name));
  const reason = new Error("enough");
  await expect(world.run(locks.acquire("a", { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  expect(heard).toEqual([]);
  expect(await world.holders("a")).toEqual([false, false, false]);
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
  const world = new World();
  const slow = world.locks({
    nodes: world.nodes.map((node) => far(node, world.clock, { delay: () => 20 })),
    owner: "slow",
  });
  const locks = world.locks();
  await world.run(slow.using("met", () => {}));
  await world.run(locks.using("met", () => {}));
  const abort = new AbortController();
  const given = slow.acquire("a", { signal: abort.signal }).catch(() => "given up");
  // The nodes have granted it, and their answers are under way.
  await world.clock.advance(25);
  const start = world.clock.monotonic();
  let waited: number | null = null;
  const waiting = locks.acquire("a").then((lease) => {
    waited = world.clock.monotonic() - start;
    return lease;
  });
  await world.clock.advance(5);
  abort.abort();
  expect(await world.run(given)).toBe("given up");
  await world.run((await world.run(waiting)).release());
  // It would ask again by itself after 300 ms at the earliest.
  expect(waited).toBeLessThan(100);
});

it("a ttl that drift uses up is refused by the first attempt: no other one could succeed", async () => {
  const world = new World();
  const locks = world.locks({ ttl: 10_000 });
  await world.run(locks.using("met", () => {}));
  const attempts: unknown[] = [];
  locks.on("retrying", (event) => attempts.push(event));
  const failure = world.run(
    locks.acquire("a", { ttl: 2 }).catch((error: { code: string }) => error.code),
    1_000,
  );
  expect(await failure).toBe("QUORUM_UNAVAILABLE");
  expect(attempts).toEqual([]);
});
