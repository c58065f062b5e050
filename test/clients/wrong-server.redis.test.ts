import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import {
  createRedis3,
  ioredisSubject,
  ioredisVersions,
  nodeRedis3Subject,
  nodeRedisSubject,
  nodeRedisVersions,
} from "../contract/clients.js";
import {
  acquire,
  granted,
  identificationOf,
  type Open,
  one,
  openReady,
  type Subject,
  tokenOf,
  uniqueKey,
} from "../contract/subject.js";
import { type FickleProxy, startProxy } from "../support/fickle-proxy.js";
import { type RedisServer, startServer, waitUntil } from "../support/servers.js";

let [old, fresh]: RedisServer[] = [];
let proxy: FickleProxy;
let subject: Subject | null = null;

beforeEach(async () => {
  [old, fresh] = await Promise.all([startServer(), startServer()]);
  proxy = await startProxy(old.port);
});
afterEach(async () => {
  await subject?.node.close();
  await subject?.end();
  subject = null;
  await proxy.close();
  await Promise.all([old?.stop(), fresh?.stop()]);
});

type OpenAt = (port: number) => ReturnType<Open>;

const opens: [string, OpenAt][] = [
  ...ioredisVersions.flatMap(([name, { Redis }]): [string, OpenAt][] => [
    [name, (port) => ioredisSubject(new Redis({ port, lazyConnect: true }))],
    [
      `${name} with reconnectOnError`,
      (port) =>
        ioredisSubject(
          new Redis({
            port,
            lazyConnect: true,
            reconnectOnError: (error) => error.message.startsWith("READONLY") && 2,
          }),
        ),
    ],
  ]),
  ...nodeRedisVersions.map(([name, { createClient }]): [string, OpenAt] => [
    name,
    (port) => {
      const client = createClient({ socket: { port, host: "127.0.0.1" } });
      client.on("error", () => {});
      return nodeRedisSubject(client);
    },
  ]),
  [
    "redis 3",
    (port) => {
      const client = createRedis3({ port });
      client.on("error", () => {});
      return nodeRedis3Subject(client);
    },
  ],
  ["a redis:// address", (port) => ({ node: recogniseNode(`redis://127.0.0.1:${port}`, 0), end: () => {} })],
];

const take = () => acquire(uniqueKey(), tokenOf("me"));

describe.each(opens)("%s, behind a name that leads to another server after a failover,", (_, open) => {
  const start = async () => {
    subject = await openReady(() => open(proxy.port));
    const { node } = subject;
    node.watch(() => {});
    expect(await one(node, take())).toEqual(granted);
    proxy.target = fresh?.port ?? 0;
    return node;
  };

  test("reconnects when a lock is refused by a replica", async () => {
    const node = await start();
    await old?.call("REPLICAOF", "127.0.0.1", fresh?.port ?? 0);
    await waitUntil(
      "the new master grants",
      10_000,
      async () => (await one(node, take())).kind === "granted",
    );
    expect(proxy.accepted).toBe(2);
  });

  test("reconnects when a replica has lost its master", async () => {
    const node = await start();
    await old?.call("CONFIG", "SET", "replica-serve-stale-data", "no");
    await old?.call("REPLICAOF", "127.0.0.1", 1);
    await waitUntil(
      "the new master grants",
      10_000,
      async () => (await one(node, take())).kind === "granted",
    );
    expect(proxy.accepted).toBe(2);
  });

  test("reconnects when a replica refuses a new marker", async () => {
    const node = await start();
    await old?.call("REPLICAOF", "127.0.0.1", fresh?.port ?? 0);
    const change = { marker: "", abstention: null, longest: 1, watermark: 0 };
    await waitUntil("the new master is asked", 10_000, async () => {
      await node.identify("me", change).catch(() => {});
      return proxy.accepted === 2;
    });
    await waitUntil("it answers", 10_000, async () => {
      const { runId } = await identificationOf(node).catch(() => ({ runId: null }));
      return runId !== null && String(await fresh?.call("INFO", "server")).includes(runId);
    });
  });
});
