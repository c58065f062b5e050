import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runtimes } from "../../scripts/matrix/smoke/runtimes.mjs";
import { Consumer } from "./consumer.js";

/** Acquires locks of each kind on memory nodes, is told of a release, renews, loses a lease, and ends by itself. */
const job = `
async function main() {
  const nodes = [memoryNode(), memoryNode(), memoryNode()];
  const locks = createLocks({ nodes });
  const held = await locks.acquire("a");
  const next = locks.acquire("a");
  await held.renew();
  await held.release();
  const { resources } = await next;
  const shared = await locks.acquire("b", { mode: "shared" });
  await shared.upgrade();
  const [permit] = (await locks.semaphore("c", { permits: 1 }).acquire()).permits;
  const reason = await new Promise((resolve) => {
    locks.on("expired", (event) => resolve(event.reason));
    void locks.acquire("d", { ttl: 40, renew: false });
  });
  const isOver = await new Promise((resolve) => {
    locks.election("e", { onElected: ({ signal }) => resolve(signal.aborted) });
  });
  await locks.close();
  console.log(resources.join(), shared.mode, permit, reason, isOver);
}
main();`;
const worked = "a exclusive 1 deadline false";

const forms = [
  ["a.mjs", 'import { createLocks, memoryNode } from "holdfast";'],
  ["a.cjs", 'const { createLocks, memoryNode } = require("holdfast");'],
] as const;

/** The runtimes that are no Node.js. */
const others = runtimes.filter(({ label }) => !label.startsWith("Node.js"));

describe.each(others)("the packed package under $label", ({ packages, command }) => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await Consumer.install();
    await consumer.add(packages);
  }, 300_000);
  afterAll(() => consumer?.remove());

  it.each(forms)("%s: %s", async (name, imports) => {
    await consumer.write(name, imports + job);
    expect(await consumer.run(...command(consumer, name))).toBe(worked);
  });
});
