import { expect, it, vi } from "vitest";
import { GroupNodes } from "./group-nodes.js";

it("a process records its use on each node a few times when it starts, however many groups there are", async () => {
  const nodes = new GroupNodes(12, "records");
  const records = nodes.nodes.map((node) => vi.spyOn(node as Required<typeof node>, "recordSets"));
  const locks = nodes.grouped();
  await nodes.run(locks.using("r", () => {}));
  await nodes.clock.advance(1_000);
  for (const record of records) {
    expect(record.mock.calls.length).toBeGreaterThan(0);
    expect(record.mock.calls.length).toBeLessThanOrEqual(4);
  }
});
