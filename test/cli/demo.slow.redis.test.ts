import { afterAll, expect, test } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { endAll, holdfast } from "./support/holdfast.js";

// The tests take seconds and are independent of each other.
afterAll(endAll);

test.concurrent.each([5, 1])(
  "the demo works on real servers (%d), without hurting them",
  async (count) => {
    const nodes = sharedServers().slice(0, count);
    const args = nodes.flatMap(({ url }) => ["--node", url]);
    const { code, stdout, stderr } = await holdfast(["demo", "--for", "9s", ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const expected = ["acquired", "renewed", "cut our own connections", "quorum lost", "expired", "released"];
    for (const words of expected) expect(stdout).toContain(words);
    expect(stdout).toMatch(/overlaps 0/);
  },
  30_000,
);

test.concurrent("the demo without a reachable server ends with 69, in time", async () => {
  const { code, stderr } = await holdfast(["demo", "--for", "8s", "--node", "redis://127.0.0.1:1"]);
  expect(stderr).toBe("holdfast: no quorum of nodes could be reached\n");
  expect(code).toBe(69);
});
