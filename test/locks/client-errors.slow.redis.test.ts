import { describe, expect, it } from "vitest";
import type { RedisServer } from "../support/servers.js";
import { type Child, runFixture } from "./child.js";
import { ownServers } from "./support.js";

/** ms: a process that loads three clients, and two servers that die, on a machine that does other things as well. */
const timeout = 60_000;

/** A process with a lease over three servers; the first of them, that of a node-redis client, is dead by now. */
async function started(): Promise<{ child: Child; second: RedisServer }> {
  const servers = await ownServers(3);
  const child = runFixture(
    "unheard",
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

describe("a node-redis client to whose errors nobody listens does not end the process when its server dies", () => {
  it("while it is in use, and after close()", { timeout }, async () => {
    const { child, second } = await started();
    child.tell("release");
    await child.said("closed");
    await second.kill();
    await expectAlive(child);
  });

  it("after close(), with a request still unanswered by then", { timeout }, async () => {
    const { child, second } = await started();
    await second.suspend();
    child.tell("release");
    await child.said("closed");
    await second.kill();
    await expectAlive(child);
  });
});
