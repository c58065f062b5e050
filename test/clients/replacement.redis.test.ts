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
  granted,
  type Open,
  one,
  openReady,
  reachesConnection,
  release,
  type Subject,
  tokenOf,
  uniqueKey,
} from "../contract/subject.js";
import { RecordingListener, subscribe } from "../contract/subscription-contract.js";
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
  server.resume();
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
  test("is dropped by the network, opens another one, and fails calls in flight at once", async () => {
    proxy = await startProxy(server.port);
    subject = await openReady(() => open(proxy.port));
    const { node } = subject;
    const seen: [string, string?][] = [];
    node.watch((connection, cause) => seen.push(cause ? [connection, cause.message] : [connection]));
    expect(await one(node, take())).toEqual(granted);
    proxy.forget();
    const answers = [one(node, take()), one(node, take())];
    const before = proxy.accepted;
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(node.connection).toBe("down");
    expect(node.replaceConnection?.()).toBe("tooSoon");
    expect(await Promise.all(answers)).toEqual([lost, lost]);
    await reachesConnection(node, "ready");
    expect(await one(node, take())).toEqual(granted);
    const cause = "connection lost (it was silent for too long and has been replaced)";
    expect(seen).toEqual([["down", cause], ["ready"]]);
    expect(proxy.accepted).toBe(before + 1);
    await waitUntil("the old socket is gone", 20_000, () => proxy.open === 1);
  });

  test("hangs with its server, opens another one, and continues when the server does", async () => {
    proxy = await startProxy(server.port);
    subject = await openReady(() => open(proxy.port));
    const { node } = subject;
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await server.suspend();
    const answer = one(node, acquire(key, token));
    // Some libraries write in a later phase of the event loop. The old connection still delivers the command when the
    // server resumes.
    await new Promise((resolve) => setImmediate(resolve));
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(await answer).toEqual(lost);
    server.resume();
    await reachesConnection(node, "ready");
    await waitUntil("no trace is left", 20_000, async () => {
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
    await waitUntil("it is connected", 20_000, () => proxy.open === 1);
    proxy.target = server.port;
    // The client may not know yet that it is connected.
    await waitUntil("another connection is opened", 30_000, () => {
      node.replaceConnection?.();
      return proxy.accepted > 1;
    });
    await reachesConnection(node, "ready");
    expect(await one(node, take())).toEqual(granted);
    await waitUntil("the old socket is gone", 20_000, () => proxy.open === 1);
  });

  test("is accepted and never answered, is not ready, however often it is replaced", async () => {
    proxy = await startProxy(null);
    subject = await open(proxy.port);
    const { node } = subject;
    const seen: string[] = [];
    node.watch((connection) => seen.push(connection));
    node.connect();
    await waitUntil("it is connected", 20_000, () => proxy.open === 1);
    for (const times of [1, 2]) {
      const before = proxy.accepted;
      await waitUntil(`another connection is opened: ${times}`, 30_000, () => {
        node.replaceConnection?.();
        return proxy.accepted > before;
      });
    }
    expect(seen).not.toContain("ready");
    proxy.target = server.port;
    await waitUntil("it is ready", 30_000, () => {
      node.replaceConnection?.();
      return node.connection === "ready";
    });
    expect(await one(node, take())).toEqual(granted);
    await waitUntil("the old sockets are gone", 20_000, () => proxy.open === 1);
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
    // No command is in flight any more.
    expect(node.replaceConnection?.()).toBe("replacing");
    await reachesConnection(node, "ready");
    expect(await one(node, take())).toEqual(granted);
    expect(proxy.accepted).toBe(2);
  });
});

describe("a subscriber connection", () => {
  test.each(opens)("%s is reopened with the client's own", async (_, open) => {
    proxy = await startProxy(server.port);
    subject = await openReady(() => open(proxy.port));
    const { node } = subject;
    const subscription = new RecordingListener();
    const unsubscribe = subscribe(node, "channel", subscription);
    await expect.poll(() => subscription.state).toBe("subscribed");
    proxy.forget();
    const answer = one(node, take());
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(await answer).toEqual(lost);
    await expect
      .poll(() => subscription.states, { timeout: 20_000 })
      .toEqual(["subscribed", "unsubscribed", "subscribed"]);
    await server.call("PUBLISH", "channel", "heard");
    await expect.poll(() => subscription.messages).toEqual(["heard"]);
    unsubscribe();
  });
});

describe.each(nodeRedisVersions)("%s, whose connection is replaced,", (_, { createClient }) => {
  const queueOf = (client: object) =>
    (client as { _getQueue(): { readonly pendingCount: number } })._getQueue();
  const start = (options: object = {}) => {
    const client = createClient({ socket: { port: proxy.port, host: "127.0.0.1" }, RESP: 3, ...options });
    client.on("error", () => {});
    return client;
  };

  test("keeps its user's subscriptions", async () => {
    proxy = await startProxy(server.port);
    const client = start();
    subject = await openReady(() => nodeRedisSubject(client));
    const { node } = subject;
    const heard: string[] = [];
    await client.subscribe("the user's", (message) => heard.push(message));
    expect(await one(node, take())).toEqual(granted);
    proxy.forget();
    const answer = one(node, take());
    expect(node.replaceConnection?.()).toBe("replacing");
    await answer;
    await reachesConnection(node, "ready");
    await expect
      .poll(async () => {
        await server.call("PUBLISH", "the user's", "again");
        return heard.length > 0;
      })
      .toBe(true);
  });

  test("rejects commands written behind an unanswered handshake, as after any lost connection", async () => {
    proxy = await startProxy(null);
    const client = start();
    subject = nodeRedisSubject(client);
    const { node } = subject;
    node.watch(() => {});
    node.connect();
    const written = client.set(uniqueKey(), "value").catch((error: Error) => error.message);
    await waitUntil("it is connected", 20_000, () => proxy.open === 1);
    proxy.target = server.port;
    await waitUntil("another connection is opened", 30_000, () => {
      node.replaceConnection?.();
      return proxy.accepted > 1;
    });
    expect(await written).toMatch(/silent/);
    expect(await client.set(uniqueKey(), "value")).toBe("OK");
  });

  test.each([undefined, 2, 3])(
    "keeps commands that wait for an unanswered handshake with RESP %s",
    async (RESP) => {
      proxy = await startProxy(null);
      const client = start({ RESP });
      subject = nodeRedisSubject(client);
      const { node } = subject;
      node.watch(() => {});
      node.connect();
      await waitUntil("it has sent its handshake", 20_000, () => queueOf(client).pendingCount > 0);
      const stored = client.set(uniqueKey(), "value");
      proxy.target = server.port;
      expect(node.replaceConnection?.()).toBe("replacing");
      expect(await stored).toBe("OK");
      await reachesConnection(node, "ready");
      expect(await one(node, take())).toEqual(granted);
      await waitUntil("the old socket is gone", 20_000, () => proxy.open === 1);
    },
  );

  test("does not mistake its own PING for a command of its user", async () => {
    proxy = await startProxy(server.port);
    const client = start({ pingInterval: 200 });
    subject = await openReady(() => nodeRedisSubject(client));
    const { node } = subject;
    expect(await one(node, take())).toEqual(granted);
    proxy.forget();
    const answer = one(node, take());
    // Our command and the client's own PING.
    await waitUntil("it has sent a PING", 30_000, () => queueOf(client).pendingCount === 2);
    expect(node.replaceConnection?.()).toBe("busy");
    await waitUntil("it is replaced", 30_000, () => node.replaceConnection?.() === "replacing");
    expect(await answer).toEqual(lost);
    await reachesConnection(node, "ready");
    expect(await one(node, take())).toEqual(granted);
  });

  test("is unchanged if its user disabled reconnecting", async () => {
    proxy = await startProxy(server.port);
    const client = start({ socket: { port: proxy.port, host: "127.0.0.1", reconnectStrategy: false } });
    subject = await openReady(() => nodeRedisSubject(client));
    expect(subject.node.replaceConnection?.()).toBe("impossible");
    expect(await one(subject.node, take())).toEqual(granted);
  });
});

describe.each(ioredisVersions)("%s, whose connection is replaced,", (_, { Redis }) => {
  test("keeps its user's commands from its offline queue", async () => {
    proxy = await startProxy(null);
    const client = new Redis({ port: proxy.port, lazyConnect: true });
    subject = ioredisSubject(client);
    const { node } = subject;
    node.watch(() => {});
    node.connect();
    const stored = client.set(uniqueKey(), "value");
    await waitUntil("it is connected", 20_000, () => proxy.open === 1 && client.status === "connect");
    proxy.target = server.port;
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(await stored).toBe("OK");
  });

  test("sends nothing of ours again", async () => {
    proxy = await startProxy(server.port);
    subject = await openReady(() => ioredisSubject(new Redis({ port: proxy.port, lazyConnect: true })));
    const { node } = subject;
    expect(await one(node, take())).toEqual(granted);
    proxy.forget();
    const key = uniqueKey();
    const answer = one(node, acquire(key, tokenOf("me")));
    expect(node.replaceConnection?.()).toBe("replacing");
    expect(await answer).toEqual(lost);
    await reachesConnection(node, "ready");
    expect(await one(node, take())).toEqual(granted);
    expect(await server.call("EXISTS", key)).toBe(0);
  });

  test("resends its user's commands after a lost connection, and nothing of ours", async () => {
    proxy = await startProxy(server.port);
    const client = new Redis({ port: proxy.port, lazyConnect: true });
    subject = await openReady(() => ioredisSubject(client));
    const { node } = subject;
    node.watch(() => {});
    expect(await one(node, take())).toEqual(granted);
    // From now on nothing arrives.
    proxy.forget();
    const [ours, theirs] = [uniqueKey(), [uniqueKey(), uniqueKey()]] as const;
    const answers = [
      client.set(theirs[0], "first"),
      one(node, acquire(ours, tokenOf("me"))),
      client.set(theirs[1], "second"),
      one(node, acquire(ours, tokenOf("me"))),
    ];
    proxy.cut();
    const gone = { kind: "failed", reason: "connection", message: "connection lost before the answer" };
    expect(await Promise.all(answers)).toEqual(["OK", gone, "OK", gone]);
    expect(await one(node, take())).toEqual(granted);
    expect(await server.call("EXISTS", ours)).toBe(0);
  });

  test("is unchanged if its user disabled reconnecting", async () => {
    proxy = await startProxy(server.port);
    const client = new Redis({ port: proxy.port, lazyConnect: true, retryStrategy: undefined as never });
    Object.assign(client.options, { retryStrategy: null });
    subject = await openReady(() => ioredisSubject(client));
    expect(subject.node.replaceConnection?.()).toBe("impossible");
    expect(await one(subject.node, take())).toEqual(granted);
  });
});
