import { describe, expect, it } from "vitest";
import type { RedisServer } from "../support/servers.js";
import { type Child, runFixture } from "./child.js";
import { ownServers } from "./support.js";

/** ms. The limit is generous, because a child process loads three clients, and the machine may be busy. */
const timeout = 60_000;

/** Starts a process with a lease on three servers. The first server, of a node-redis client, has been killed. */
async function started(): Promise<{ child: Child; second: RedisServer }> {
  const servers = await ownServers(3);
  const child = runFixture(
    "no-error-listener",
    servers.map(({ port }) => String(port)),
  );
  await child.said("held");
  await servers[0]!.kill();
  await child.said("held again");
  return { child, second: servers[1]! };
}

async function expectAlive(child: Child): Promise<void> {
  const { code, lines, stderr } = await child.ended;
  expect(stderr).toBe("");
  expect(lines).toEqual(["held", "held again", "closed", "alive"]);
  expect(code).toBe(0);
}

describe("a node-redis client without an error listener does not end the process when its server dies", () => {
  it("while it is in use, and after close()", { timeout }, async () => {
    const { child, second } = await started();
    child.tell("release");
    await child.said("closed");
    await second.kill();
    await expectAlive(child);
  });

  it("after close() with an unanswered request", { timeout }, async () => {
    const { child, second } = await started();
    await second.suspend();
    child.tell("release");
    await child.said("closed");
    await second.kill();
    await expectAlive(child);
  });
});
