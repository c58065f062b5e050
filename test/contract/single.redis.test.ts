import { Redis } from "ioredis";
import { RESP_TYPES } from "redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import { type RedisServer, startServer } from "../support/servers.js";
import {
  createRedis3,
  ioredisSubject,
  ioredisVersions,
  nodeRedis3Subject,
  nodeRedisSubject,
  nodeRedisVersions,
} from "./clients.js";
import { describeNodeContract } from "./node-contract.js";
import { describeQueueContract } from "./queue-contract.js";
import { queuesOfServer } from "./queue-view.js";
import { describeConnectionContract, describeRedisContract } from "./redis-contract.js";
import { viewOfServer } from "./server-view.js";
import { describeSetsContract } from "./sets-contract.js";
import type { Open } from "./subject.js";
import { describeSubscriptionContract } from "./subscription-contract.js";

/** A server for this suite alone, which flushes its scripts. */
let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

interface ClientOptions {
  readonly keyPrefix?: string;
  readonly db?: number;
  readonly stringNumbers?: boolean;
  readonly enableAutoPipelining?: boolean;
  readonly showFriendlyErrorStack?: boolean;
  readonly enableOfflineQueue?: boolean;
}

function describeClient(name: string, open: Open, stored: { prefix?: string; db?: number } = {}): void {
  describeNodeContract(name, open);
  describeRedisContract(name, open, () => viewOfServer(server.port, stored));
  describeQueueContract(name, open, () => queuesOfServer(server.port, stored));
  describeSetsContract(name, open);
  describeConnectionContract(name, open);
  describeSubscriptionContract(name, open, () => [server]);
}

for (const [name, library] of ioredisVersions) {
  const open = (options: ClientOptions) => () =>
    ioredisSubject(new library.Redis({ port: server.port, lazyConnect: true, ...options }));
  describeClient(name, open({}));
  describeClient(`${name} with a prefix and a database`, open({ keyPrefix: "app:", db: 3 }), {
    prefix: "app:",
    db: 3,
  });
  describeClient(
    `${name} with its other options`,
    open({
      stringNumbers: true,
      enableAutoPipelining: true,
      showFriendlyErrorStack: true,
      enableOfflineQueue: false,
    }),
  );
}

for (const [name, { createClient }] of nodeRedisVersions) {
  const address = () => ({ socket: { port: server.port, host: "127.0.0.1" } });
  describeClient(`${name}, RESP 2`, () => nodeRedisSubject(createClient({ ...address(), RESP: 2 })));
  describeClient(`${name}, RESP 3`, () => nodeRedisSubject(createClient({ ...address(), RESP: 3 })));
  describeClient(
    `${name} with buffers, numbers as strings and a database`,
    () => {
      const client = createClient({ url: `${server.url}/4`, disableOfflineQueue: true });
      const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String };
      return nodeRedisSubject(client.withTypeMapping(typeMapping));
    },
    { db: 4 },
  );
}

const [, redis6] = nodeRedisVersions[0];
describeClient(
  "redis 6 with a prefix",
  () => nodeRedisSubject(redis6.createClient({ url: server.url, keyPrefix: "app:" })),
  { prefix: "app:" },
);

const open3 = (options: object) => () =>
  nodeRedis3Subject(createRedis3({ host: "127.0.0.1", port: server.port, ...options }));
describeClient("redis 3", open3({}));
describeClient("redis 3 with a prefix and a database", open3({ prefix: "app:", db: 3 }), {
  prefix: "app:",
  db: 3,
});
describeClient(
  "redis 3 with buffers, numbers as strings and no offline queue",
  open3({ return_buffers: true, string_numbers: true, enable_offline_queue: false }),
);

describeClient("a redis:// address", () => ({ node: recogniseNode(server.url, 0), end: () => {} }));

const openPlain: Open = () => {
  const client = new Redis(server.port);
  const plain = {
    set: (key: string, value: string) => client.set(key, value),
    eval: (script: string, keys: string[], args: string[]) =>
      client.eval(script, keys.length, ...keys, ...args),
  };
  return { node: recogniseNode(plain, 0), end: () => client.disconnect() };
};
describeNodeContract("a plain { set, eval }", openPlain);
describeRedisContract("a plain { set, eval }", openPlain, () => viewOfServer(server.port), {
  sendsTwice: false,
});
describeQueueContract("a plain { set, eval }", openPlain, () => queuesOfServer(server.port));
describeSetsContract("a plain { set, eval }", openPlain);

test("a plain { set, eval } offers no subscription", () => {
  const node = recogniseNode({ set: async () => "OK", eval: async () => [] }, 0);
  expect(node.subscribe("channel", { subscribed() {}, unsubscribed() {}, message() {} })).toBeNull();
});
