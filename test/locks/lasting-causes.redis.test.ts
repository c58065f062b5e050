import { describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.js";
import { sharedServers } from "../support/shared-servers.js";
import {
  describeLastingCauses,
  host,
  newest,
  startProtected,
  wait,
  wrongPassword,
} from "./lasting-causes.js";
import { clients, locksOf, rejection, uniqueName } from "./support.js";

describeLastingCauses(newest);

const [one, two] = sharedServers().map(({ port }) => port) as [number, number];

describe("a cause that does not end by itself", () => {
  it("changes nothing while the other nodes can form a quorum", async () => {
    const wrong = `redis://:${wrongPassword}@${host}:${await startProtected()}`;
    const nodes = [`redis://${host}:${one}`, `redis://${host}:${two}`, wrong];
    const [ours, theirs] = [locksOf(nodes, { prefix: uniqueName() }), locksOf(nodes)];
    const held = await ours.acquire("a", { ttl: 30_000 });
    const waiting = ours.acquire("a", { wait });
    await held.release();
    await (await waiting).release();
    await (await theirs.acquire(uniqueName(), { wait })).release();
  });

  it("does not end the wait for a node that may return", async () => {
    const port = await freePort();
    const wrong = `redis://:${wrongPassword}@${host}:${await startProtected()}`;
    const locks = locksOf([`redis://${host}:${one}`, wrong, `redis://${host}:${port}`], {
      prefix: uniqueName(),
    });
    const error = await rejection(locks.acquire("a", { wait: 700 }));
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT" });
    expect(error.message).toMatch(/WRONGPASS/);
    expect(error.message).toMatch(/ECONNREFUSED/);
  });

  it("is not the closing of a client by its user, who may open it again", async () => {
    const client = clients.ioredis(one);
    const locks = locksOf([client], { prefix: uniqueName() });
    await (await locks.acquire("a")).release();
    client.disconnect();
    const error = await rejection(locks.acquire("a", { wait: 300 }));
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT" });
    expect(error.message).toContain("the client is closed");
    const waiting = locks.acquire("a", { wait });
    await client.connect();
    await (await waiting).release();
  });
});
