import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
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
  becomes,
  granted,
  type Open,
  one,
  openReady,
  release,
  type Subject,
  tokenOf,
  uniqueKey,
} from "../contract/subject.js";
import { type FickleProxy, startProxy } from "../support/fickle-proxy.js";
import { type RedisServer, startServer, waitUntil } from "../support/servers.js";

let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

let proxy: FickleProxy;
let subject: Subject | null = null;
afterEach(async () => {
  await subject?.node.close();
  await subject?.end();
  subject = null;
  await proxy.close();
});

const ioredis = (Redis: (typeof ioredisVersions)[number][1]["Redis"], port: number) =>
  new Redis({ port, lazyConnect: true });

type Make = (port: number) => { subject: Subject; pop(key: string): Promise<unknown> };

const users: [string, Make][] = [
  ...ioredisVersions.map(([name, { Redis }]): [string, Make] => [
    name,
    (port) => {
      const client = ioredis(Redis, port);
      return { subject: ioredisSubject(client), pop: (key) => client.blpop(key, 0) };
    },
  ]),
  ...nodeRedisVersions.map(([name, { createClient }]): [string, Make] => [
    name,
    (port) => {
      const client = createClient({ socket: { port, host: "127.0.0.1" } });
      client.on("error", () => {});
      return { subject: nodeRedisSubject(client), pop: (key) => client.blPop(key, 0) };
    },
  ]),
  [
    "redis 3",
    (port) => {
      const client = createRedis3({ port });
      client.on("error", () => {});
      const { blpop } = client as unknown as { blpop(key: string, seconds: number, reply: unknown): void };
      return {
        subject: nodeRedis3Subject(client),
        pop: (key) =>
          new Promise((resolve, reject) => {
            blpop.call(client, key, 0, (error: Error | null, reply: unknown) =>
              error ? reject(error) : resolve(reply),
            );
          }),
      };
    },
  ],
];

const opens: [string, (port: number) => ReturnType<Open>][] = [
  ...users.map(([name, make]): [string, (port: number) => Subject] => [name, (port) => make(port).subject]),
  ["a redis:// address", (port) => ({ node: recogniseNode(`redis://127.0.0.1:${port}`, 0), end: () => {} })],
];

const take = () => acquire(uniqueKey(), tokenOf("me"));
const lost = { kind: "failed", reason: "connection", message: expect.stringMatching(/silent/) };

describe.each(opens)("%s, when its connection", (_, open) => {
  test("is forgotten on the way, opens another one, and loses what is in flight at once", async () => {
    proxy = await startProxy(server.port);
    subject = await openReady(() => open(proxy.port));
    const { node } = subject;
    const seen: string[] = [];
    node.watch((connection) => seen.push(connection));
    expect(await one(node, take())).toEqual(granted);
    proxy.forget();
    const answers = [one(node, take()), one(node, take())];
    const before = proxy.accepted;
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(node.connection).toBe("down");
    expect(node.replaceConnection?.()).toBe("tooSoon");
    expect(await Promise.all(answers)).toEqual([lost, lost]);
    await becomes(node, "ready");
    expect(await one(node, take())).toEqual(granted);
    expect(seen).toEqual(["down", "ready"]);
    expect(proxy.accepted).toBe(before + 1);
    await waitUntil("the old socket is gone", 5_000, () => proxy.open === 1);
  });

  test("hangs with its server, opens another one, and goes on when the server does", async () => {
    proxy = await startProxy(server.port);
    subject = await openReady(() => open(proxy.port));
    const { node } = subject;
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await server.suspend();
    const answer = one(node, acquire(key, token));
    // Some libraries write in a later phase of the event loop: then the old connection delivers it after all.
    await new Promise((resolve) => setImmediate(resolve));
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(await answer).toEqual(lost);
    server.resume();
    await becomes(node, "ready");
    await waitUntil("no trace is left", 5_000, async () => {
      await one(node, release(key, token));
      return (await server.call("EXISTS", key)) === 0;
    });
    expect(await one(node, take())).toEqual(granted);
  });

  test("is accepted and then never answered, opens another one", async () => {
    proxy = await startProxy(null);
    subject = await open(proxy.port);
    const { node } = subject;
    node.watch(() => {});
    node.connect();
    await waitUntil("it is connected", 5_000, () => proxy.open === 1);
    proxy.target = server.port;
    // The client may not know yet that it is connected.
    await waitUntil("another connection is opened", 10_000, () => {
      node.replaceConnection?.();
      return proxy.accepted > 1;
    });
    await becomes(node, "ready");
    expect(await one(node, take())).toEqual(granted);
    await waitUntil("the old socket is gone", 5_000, () => proxy.open === 1);
  });
});

describe.each(users)("%s, which its user shares with the locks,", (_, make) => {
  test("keeps its connection while a command of the user is unanswered on it", async () => {
    proxy = await startProxy(server.port);
    const own = make(proxy.port);
    subject = await openReady(() => own.subject);
    const { node } = subject;
    expect(await one(node, take())).toEqual(granted);
    const list = uniqueKey("list");
    const popped = own.pop(list);
    const answer = one(node, take());
    expect(node.replaceConnection?.()).toBe("busy");
    expect(node.replaceConnection?.()).toBe("busy");
    expect(node.connection).toBe("ready");
    await server.call("RPUSH", list, "value");
    expect(await popped).toMatchObject({});
    expect(await answer).toEqual(granted);
    // Nothing is in flight any more.
    expect(node.replaceConnection?.()).toBe("replacing");
    await becomes(node, "ready");
    expect(await one(node, take())).toEqual(granted);
    expect(proxy.accepted).toBe(2);
  });
});
