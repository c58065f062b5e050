import { describe, expect, it } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import { runFixture } from "./child.js";
import { countKeys, foreignSet, ownServers, uniqueName } from "./support.js";

const shared = sharedServers().slice(0, 3);
const portsOf = (servers: readonly { port: number }[]) => servers.map(({ port }) => String(port));

/** ms. The limit is generous: a process with an empty event loop ends within milliseconds. */
const maxLingerMs = 1_500;

describe("a process that has finished with its locks", () => {
  it.each(["addresses", "clients", "unclosed", "published", "published-unclosed"])(
    "ends by itself, without a timer left: %s",
    async (how) => {
      const { code, lines, stderr, lingered } = await runFixture("exit", [how, ...portsOf(shared)]).ended;
      expect(stderr).toBe("");
      expect(lines).toEqual(["held", "done", "timers 0"]);
      expect(code).toBe(0);
      expect(lingered).toBeLessThan(maxLingerMs);
      // The held lock was released on every node.
      expect(await countKeys(shared, `exit-${how}:`)).toBe(0);
    },
  );

  it.each(["aborted", "closed", "addresses"])(
    "ends by itself when it has waited in vain: %s",
    async (how) => {
      const prefix = uniqueName();
      await foreignSet(shared, `${prefix}a`);
      const { code, lines, stderr, lingered } = await runFixture("waiting-exit", [
        how,
        prefix,
        ...portsOf(shared),
      ]).ended;
      expect(stderr).toBe("");
      const said = how === "aborted" ? "enough" : "MANAGER_CLOSED";
      expect(lines).toEqual(["waiting", said, said, said, "timers 0"]);
      expect(code).toBe(0);
      expect(lingered).toBeLessThan(maxLingerMs);
      // A process that quits its clients in the tick of the abort cannot leave the queue. Its position expires.
      await waitUntil("no queue position is left", how === "aborted" ? 3_000 : 100, async () => {
        return (await countKeys(shared, `holdfast:queue:${prefix}`)) === 0;
      });
    },
  );

  it.each(["quit", "disconnect"])("ends without a release of Redlock locks: %s", async (how) => {
    const { code, lines, stderr, lingered } = await runFixture("redlock-exit", [how, ...portsOf(shared)])
      .ended;
    expect(stderr).toBe("");
    expect(lines).toEqual(["held 3"]);
    expect(code).toBe(0);
    expect(lingered).toBeLessThan(maxLingerMs);
    expect(await countKeys(shared, `redlock-exit-${how}:`)).toBe(9);
  });

  it("ends by itself when all servers died while it held a lease", async () => {
    const servers = await ownServers(3);
    const child = runFixture("exit", ["dying", ...portsOf(servers)]);
    await child.said("held");
    await Promise.all(servers.map((server) => server.kill()));
    const { code, lines, stderr, lingered } = await child.ended;
    expect(stderr).toBe("");
    expect(lines.slice(0, -1)).toEqual(["held", "done after the loss", "ACQUIRE_TIMEOUT"]);
    expect(code).toBe(0);
    expect(lingered).toBeLessThan(maxLingerMs);
  });
});
