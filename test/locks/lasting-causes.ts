import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { isHoldfastError, type NodeInput } from "../../src/index.js";
import type { NodeDownEvent } from "../../src/lock/events.js";
import { createRedis3 } from "../contract/clients.js";
import { freePort } from "../support/free-port.js";
import { callRedis } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { clients, locksOf, ownServers, rejection, timed } from "./support.js";

export const host = "127.0.0.1";
const password = "the-right-one";
export const wrongPassword = "wr0ng-pa55word";
/** ms: much longer than any refusal takes. */
export const wait = 20_000;

interface Way {
  readonly password?: string;
  readonly tls?: boolean;
  readonly database?: number;
}

function redis3(port: number, { password: secret, tls, database }: Way) {
  const client = createRedis3({
    port,
    host,
    ...(secret === undefined ? {} : { password: secret }),
    ...(tls ? { tls: {} } : {}),
    ...(database === undefined ? {} : { db: database }),
  });
  client.on("error", () => {});
  onTestFinished(() => client.end(true));
  return client;
}

const tlsOf = ({ tls }: Way) => (tls ? { tls: {} } : {});
const secretOf = ({ password: secret }: Way) => (secret === undefined ? {} : { password: secret });
const socketOf = (port: number, { tls }: Way) => ({ socket: { host, port, ...(tls ? { tls } : {}) } });

const ioredisOptions = ({ database, ...way }: Way) => ({
  ...tlsOf(way),
  ...secretOf(way),
  ...(database === undefined ? {} : { db: database }),
});
const nodeRedisOptions = (port: number, { database, ...way }: Way): object => ({
  ...socketOf(port, way),
  ...secretOf(way),
  ...(database === undefined ? {} : { database }),
});

const makers: Record<string, (port: number, way: Way) => string | object> = {
  "an address": (port, { password: secret, tls, database = "" }) =>
    `${tls ? "rediss" : "redis"}://${secret === undefined ? "" : `:${secret}@`}${host}:${port}/${database}`,
  ioredis: (port, way) => clients.ioredis(port, ioredisOptions(way)),
  "ioredis 5": (port, way) => clients.ioredis5(port, ioredisOptions(way)),
  "node-redis": (port, way) => clients.nodeRedis(port, nodeRedisOptions(port, way)),
  "node-redis 5": (port, way) => clients.nodeRedis5(port, nodeRedisOptions(port, way)),
  "node-redis 3": redis3,
};

export const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const startHttp = () => listening(createHttpServer((_, response) => response.end("hello")));

/** Real servers answer so only over a network. */
const startProtectedMode = () =>
  listening(
    createServer((socket) => {
      socket.on("error", () => {});
      socket.end("-DENIED Redis is running in protected mode because protected mode is enabled\r\n");
    }),
  );

/** A TLS alert: the handshake has failed. */
export const tlsAlert = Buffer.from([21, 3, 3, 0, 2, 2, 40]);

/** A port for TLS: ends other connections, as `end` does. Refuses each handshake with an alert. */
const startTls = (end: (socket: Socket) => void) =>
  listening(
    createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", ([first]) => {
        if (first === 22) socket.end(tlsAlert);
        else end(socket);
      });
    }),
  );

/** As Redis does. */
const reset = (socket: Socket) => void socket.resetAndDestroy();
/** As Node.js does. */
const end = (socket: Socket) => void socket.end();

export const startProtected = async () => ((await ownServers(1, { password }))[0] as { port: number }).port;

const causes: [string, () => Promise<number>, Way, RegExp][] = [
  ["a wrong password", startProtected, { password: wrongPassword }, /WRONGPASS/],
  ["a missing password", startProtected, {}, /NOAUTH/],
  ["a server in protected mode", startProtectedMode, {}, /DENIED Redis is running in protected mode/],
  ["a server of another kind", startHttp, {}, /does not speak Redis's protocol/],
  ["a server that wants TLS", () => startTls(reset), {}, /wants TLS: use a rediss:\/\//],
  [
    "a server that wants TLS and ends connections without an error",
    () => startTls(end),
    {},
    /wants TLS: use a rediss:\/\//,
  ],
  [
    "a database that the server does not have",
    async () => (sharedServers()[0] as { port: number }).port,
    { database: 99 },
    /database cannot be selected: ERR DB index is out of range/,
  ],
  [
    "a server without TLS",
    async () => (sharedServers()[0] as { port: number }).port,
    { tls: true },
    /does not speak TLS .*: use a redis:\/\//,
  ],
];

type Kind = readonly [string, (port: number, way: Way) => string | object];
/** An address, and clients of the newest versions, which `npm test` tests. */
export const newest: readonly Kind[] = Object.entries(makers).filter(([name]) => !/\d$/.test(name));
/** All other versions, which `npm run test:all` tests. */
export const older: readonly Kind[] = Object.entries(makers).filter(([name]) => /\d$/.test(name));

/** Tests how causes that do not end by themselves end a wait, with nodes of these kinds. */
export function describeLastingCauses(kinds: readonly Kind[]): void {
  describe.each(causes)("%s ends the wait at once, and is named", (_, start, way, message) => {
    it.each(kinds)("%s", async (_, make) => {
      const locks = locksOf([make(await start(), way) as NodeInput]);
      const down: NodeDownEvent[] = [];
      locks.on("nodeDown", (event) => down.push(event));
      const { value: error, ms } = await timed(() => rejection(locks.acquire("a", { wait })));
      if (!isHoldfastError(error, "QUORUM_UNAVAILABLE")) throw error;
      expect(error.attempts).toBe(1);
      expect(error.message).toMatch(message);
      expect(error.message).toContain("holdfast doctor");
      expect(error.votes).toMatchObject([
        { kind: "failed", lasting: true, message: expect.stringMatching(message) },
      ]);
      expect(down.map(({ cause }) => cause)).toEqual([expect.stringMatching(message)]);
      expect(`${error.message}${error.stack}${JSON.stringify(down)}`).not.toContain(wrongPassword);
      expect(ms).toBeLessThan(wait / 2);
    });
  });

  it.each(kinds)(
    "a cause that does not end by itself is found mended by a later acquisition: %s",
    async (_, make) => {
      const port = await startProtected();
      const locks = locksOf([make(port, { password: wrongPassword }) as NodeInput]);
      expect((await rejection(locks.acquire("a", { wait }))).code).toBe("QUORUM_UNAVAILABLE");
      await callRedis(port, ["CONFIG", "SET", "requirepass", wrongPassword], { password });
      await expect
        .poll(() => locks.acquire("a", { wait: 100 }).then((lease) => lease.release()), { timeout: wait })
        .toBe("released");
    },
    30_000,
  );

  it("a connection that may be opened later is waited for, and its cause is kept", async () => {
    const port = await freePort();
    for (const [_, make] of kinds) {
      const locks = locksOf([make(port, {}) as NodeInput]);
      const down: string[] = [];
      locks.on("nodeDown", ({ cause }) => down.push(cause));
      const error = await rejection(locks.acquire("a", { wait: 400 }));
      expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", cause: { code: "QUORUM_UNAVAILABLE" } });
      expect(error.message).toContain(`ECONNREFUSED 127.0.0.1:${port}`);
      expect(down).toEqual([expect.stringContaining(`ECONNREFUSED 127.0.0.1:${port}`)]);
    }
  });
}
