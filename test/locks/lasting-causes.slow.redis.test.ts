import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { AbstractConnector } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import type { NodeInput } from "../../src/index.js";
import { Redis3 } from "../contract/clients.js";
import { freePort } from "../support/free-port.js";
import { sharedServers } from "../support/shared-servers.js";
import {
  describeLastingCauses,
  host,
  listening,
  newest,
  startProtected,
  tlsAlert,
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

  it.each(newest.filter(([name]) => name !== "ioredis"))(
    "is examined again if it is the server's protocol: %s",
    async (_, make) => {
      let asksForTls = true;
      const port = await listening(
        createServer((socket) => {
          socket.on("error", () => {});
          socket.once("data", ([first]) => {
            if (asksForTls && first === 22) socket.end(tlsAlert);
            else socket.resetAndDestroy();
          });
        }),
      );
      const locks = locksOf([make(port, {}) as NodeInput]);
      expect((await rejection(locks.acquire("a", { wait }))).message).toMatch(/wants TLS/);
      // A server that ends its connections for another reason may return.
      asksForTls = false;
      await expect
        .poll(async () => (await rejection(locks.acquire("a", { wait: 100 }))).code, { timeout: wait })
        .toBe("ACQUIRE_TIMEOUT");
    },
    30_000,
  );

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

/** Opens connections to this port, whatever the client's options say. */
const connectorTo = (port: number) =>
  class extends AbstractConnector {
    constructor() {
      super(0);
    }

    async connect() {
      this.stream = connect(port, host);
      return this.stream;
    }
  };

it.each<[string, (options: { host: string; port: number }, port: number) => NodeInput]>([
  [
    "ioredis with a connector",
    ({ port }, actual) => clients.ioredis(port, { Connector: connectorTo(actual) as never }),
  ],
  [
    "node-redis 3 over a stream",
    (options, actual) => {
      const client = new Redis3(options, connect(actual, host));
      client.on("error", () => {});
      onTestFinished(() => client.end(true));
      return client;
    },
  ],
])("the server at the address is not examined for a client that connects elsewhere: %s", async (_, open) => {
  const port = await listening(createServer((socket) => void socket.resetAndDestroy()));
  let examined = false;
  const http = await listening(
    createHttpServer((_, response) => response.end("hello")).on("connection", () => {
      examined = true;
    }),
  );
  const locks = locksOf([open({ host, port: http }, port)]);
  expect((await rejection(locks.acquire("a", { wait: 500 }))).code).toBe("ACQUIRE_TIMEOUT");
  expect(examined).toBe(false);
});
