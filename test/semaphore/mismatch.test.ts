import { expect, it } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { collectWarnings } from "../support/collected-warnings.js";

const warnings = collectWarnings();

it("a semaphore warns once when another process gives it another number of permits", async () => {
  const nodes = [memoryNode(), memoryNode(), memoryNode()];
  const [a, b] = [createLocks({ nodes }), createLocks({ nodes })];
  for (let turn = 0; turn < 3; turn++) {
    await (await a.semaphore("imports", { permits: 5 }).acquire()).release();
    await (await b.semaphore("imports", { permits: 4 }).acquire()).release();
  }
  const found = warnings().filter(({ code }) => code === "PERMITS_MISMATCH");
  expect(found.map(({ text }) => text.replace(/ \(on .*/, ""))).toEqual([
    'the semaphore "imports" has 4 permits here, and 5 in another process',
    'the semaphore "imports" has 5 permits here, and 4 in another process',
  ]);
  expect(found[0]?.detail).toMatch(/^Up to 5 leases are valid at once/);
  await Promise.all([a.close(), b.close()]);
});
