import { expect, it } from "vitest";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/index.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";

it("a lease that was handed over is released on a node that was down, for as long as the node keeps the key", async () => {
  const clock = new VirtualClock();
  const nodes = [0, 1, 2].map((index) => memoryNode(`n${index}`, { clock }));
  const [from, to] = [createLocks({ nodes, clock }), createLocks({ nodes, clock })];
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    await clock.advance(200);
    return promise;
  };
  // The nodes keep the key for the longest ttl, and not for the last one.
  const lease = await run(from.acquire("a", { ttl: 3_600_000, maxHold: 5_000 }));
  await run(lease.renew(300));
  const adopted = await run(to.adopt(lease.handover()));
  nodes[0]?.crash();
  await run(adopted.release());
  await clock.advance(10_000);
  nodes[0]?.reconnect();
  await clock.advance(10_000);
  const { nodes: reports } = await run(from.inspect("a"));
  expect(reports.map(({ state }) => state)).toEqual(["free", "free", "free"]);
  await run(Promise.all([from.close({ timeout: 0 }), to.close({ timeout: 0 })]));
});
