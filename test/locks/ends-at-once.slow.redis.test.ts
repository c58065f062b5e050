import { describe, expect, it } from "vitest";
import { callRedis } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import { runFixture } from "./child.js";
import { countKeys, foreignSet, uniqueName } from "./support.js";

const shared = sharedServers().slice(0, 3);
const ports = shared.map(({ port }) => String(port));

/** ms: far less than the TTL. A server may read its socket only after the writing process has ended. */
const soon = 30_000;

describe.each(["addresses", "ioredis", "node-redis"])("a program that exits at once, with %s", (client) => {
  it.each(["refused", "timeout", "aborted", "redlock"])(
    "leaves nothing on the minority: %s",
    async (what) => {
      const prefix = uniqueName();
      await foreignSet(shared.slice(1), `${prefix}job`);
      const { code, stderr } = await runFixture("ends-at-once", [client, what, prefix, ...ports]).ended;
      expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
      await waitUntil(
        "the minority is free",
        soon,
        async () => (await countKeys(shared.slice(0, 1), prefix)) === 0,
      );
    },
  );
});

describe.each(["addresses", "ioredis"])("a release directly before the exit, with %s", (client) => {
  it.each(["released", "unawaited", "closed", "closing"])(
    "is written before the process ends: %s",
    async (what) => {
      const prefix = uniqueName();
      const { code, stderr } = await runFixture("ends-at-once", [client, what, prefix, ...ports]).ended;
      expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
      await waitUntil("all are free", soon, async () => (await countKeys(shared, prefix)) === 0);
    },
  );

  it.each(["released", "unawaited", "closed", "closing"])(
    "leaves the rest of a minimum hold: %s",
    async (what) => {
      const prefix = uniqueName();
      const args = [client, `kept-${what}`, prefix, ...ports];
      const { code, stderr } = await runFixture("ends-at-once", args).ended;
      expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
      // The ttl is ten times as long. A server that connects late is not asked.
      await waitUntil("a quorum is kept, and none for the ttl", soon, async () => {
        const left = await Promise.all(
          shared.map(async ({ port }) => Number(await callRedis(port, ["PTTL", `${prefix}job`]))),
        );
        return left.filter((ms) => ms > 0).length >= 2 && left.every((ms) => ms <= 60_000);
      });
    },
  );
});
