import { describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.js";
import { sharedServers } from "../support/shared-servers.js";
import { clients, locksOf, rejection, timed, uniqueName } from "./support.js";

const [first, second] = sharedServers().map(({ port }) => port) as [number, number];

describe("a client that can never connect", () => {
  const kinds = {
    ioredis: (port: number) => clients.ioredis(port),
    "a lazy ioredis": (port: number) => clients.ioredis(port, { lazyConnect: true }),
    "ioredis 5": (port: number) => clients.ioredis5(port),
    "node-redis": (port: number) => clients.nodeRedis(port),
    "node-redis 5": (port: number) => clients.nodeRedis5(port),
    "a plain client": (port: number) => clients.plain(port),
    "an address": (port: number) => `redis://127.0.0.1:${port}`,
  };

  it.each(Object.entries(kinds))("does not affect a healthy majority: %s", async (_, make) => {
    const nodes = [clients.ioredis(first), clients.nodeRedis(second), make(await freePort())];
    const locks = locksOf(nodes, { prefix: uniqueName(), ttl: 30_000, nodeTimeout: 1_000 });
    // The first acquisition identifies the nodes, with the node timeout for each.
    const meeting = await timed(() => locks.using("a", () => "done"));
    expect(meeting.value).toBe("done");
    expect(meeting.ms).toBeLessThan(4_000 + meeting.slack);
    const later = await timed(() => locks.using("a", () => "again"));
    expect(later.ms).toBeLessThan(900 + later.slack);
    const report = await timed(() => locks.inspect("a"));
    expect(report.value.nodes.map(({ state }) => state)).toEqual(["free", "free", "failed"]);
    const closed = await timed(() => locks.close());
    expect(closed.ms).toBeLessThan(1_000 + closed.slack);
  });

  it("is named with its reason when too few nodes are left", async () => {
    const wrong = await freePort();
    const nodes = [clients.ioredis(first), clients.nodeRedis(wrong), `redis://127.0.0.1:${await freePort()}`];
    const locks = locksOf(nodes, { prefix: uniqueName(), nodeTimeout: 500 });
    const error = await rejection(locks.tryAcquire("a"));
    expect(error.code).toBe("QUORUM_UNAVAILABLE");
    expect(error.message).toContain(`127.0.0.1:${wrong}`);
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.message).toMatch(/[01] of 3 nodes granted/);
  });
});
