import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.js";
import { sharedServers } from "../support/shared-servers.js";

const fixture = fileURLToPath(new URL("./fixtures/subscribing.mjs", import.meta.url));

/** Tests a process that closes its client. `names`: the clients of the fixture. */
export function describeSubscribingProcess(names: readonly string[]): void {
  describe("a process with a subscription ends when its client is closed", () => {
    const ways = names.flatMap((name) => [
      [name, "left"],
      [name, "subscribed"],
      // The other clients would keep reconnecting by themselves.
      ...(/^ioredis|^redis [56]/.test(name) ? [[name, "nowhere"]] : []),
    ]) as [string, string][];

    test.each(ways)("%s, %s", async (name, how) => {
      const port = how === "nowhere" ? await freePort() : sharedServers()[0]?.port;
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [fixture, name, String(port), how],
        // After this time the process counts as hanging. A busy machine may need seconds to start the process.
        { timeout: 50_000 },
      );
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^\d+\n$/);
      // The shortest timer that a client could leave behind takes 2 s.
      expect(Number(stdout)).toBeLessThan(1_500);
    });
  });
}
