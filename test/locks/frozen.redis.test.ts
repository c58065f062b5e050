import { describe, it } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { runFixture } from "./child.js";
import { locksOf, uniqueName } from "./support.js";

const ports = sharedServers()
  .slice(0, 3)
  .map(({ port }) => String(port));
const nodes = ports.map((port) => `redis://127.0.0.1:${port}`);

describe("a process that is frozen and thawed, as a function between its invocations", () => {
  it("loses the lease that it held: another process gets the lock, and the thawed one knows at once", {
    timeout: 40_000,
  }, async () => {
    const prefix = uniqueName();
    const child = runFixture("frozen", [prefix, ...ports]);
    await child.said("ready");
    child.tell("begin");
    await child.said("held");
    child.kill("SIGSTOP");
    const lease = await locksOf(nodes, { prefix, ttl: 30_000 }).acquire("job", { wait: 20_000 });
    // What arrives during the freeze is the first thing that the thawed process sees.
    child.tell("end");
    child.kill("SIGCONT");
    await child.said("refused: LEASE_EXPIRED");
    await child.said("lost: deadline");
    lease.assertHeld();
    await lease.release();
    // The same manager goes on.
    child.tell("once");
    await child.said("done 1");
  });

  it("uses its manager again after a freeze between two invocations", { timeout: 40_000 }, async () => {
    const prefix = uniqueName();
    const child = runFixture("frozen", [prefix, ...ports]);
    await child.said("ready");
    for (const call of [1, 2, 3]) {
      child.tell("once");
      await child.said(`done ${call}`);
      child.kill("SIGSTOP");
      // No lease is held.
      await locksOf(nodes, { prefix }).using("job", () => {});
      child.kill("SIGCONT");
    }
  });
});
