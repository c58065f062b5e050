import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { UpstashFront } from "../support/upstash-front.js";
import { describeNodeContract } from "./node-contract.js";
import { describeQueueContract } from "./queue-contract.js";
import { queuesOfServer } from "./queue-view.js";
import { describeRedisContract } from "./redis-contract.js";
import { viewOfServer } from "./server-view.js";
import { describeSetsContract } from "./sets-contract.js";
import { acquire, granted, type Open, one, tokenOf, uniqueKey } from "./subject.js";

/** A server for this suite alone, which flushes its scripts. */
let server: RedisServer;
let front: UpstashFront;
beforeAll(async () => {
  server = await startServer();
  front = await UpstashFront.start(server.port);
});
afterAll(async () => {
  await front.stop();
  await server.stop();
});

const clientOf = (options: object = {}) =>
  new Redis({ url: front.url, token: front.token, enableTelemetry: false, retry: false, ...options });
const open =
  (options: object): Open =>
  () => ({ node: recogniseNode(clientOf(options), 0), end: () => {} });

for (const [name, options] of [
  ["@upstash/redis", {}],
  // One request for each command (`enableAutoPipelining: false`) keeps no order, because HTTP has many connections.
  ["@upstash/redis with raw replies", { automaticDeserialization: false, responseEncoding: false }],
] as const) {
  describeNodeContract(name, open(options));
  describeRedisContract(name, open(options), () => viewOfServer(server.port));
  describeQueueContract(name, open(options), () => queuesOfServer(server.port));
  describeSetsContract(name, open(options));
}

test("@upstash/redis is named by its host, and offers no subscription", () => {
  const node = recogniseNode(clientOf(), 0);
  expect(node.name).toBe(new URL(front.url).host);
  expect(node.subscribe("channel", { subscribed() {}, unsubscribed() {}, message() {} })).toBeNull();
});

test("@upstash/redis sends the script once, and then its SHA-1", async () => {
  const bytes = async () =>
    Number(/total_net_input_bytes:(\d+)/.exec(String(await server.call("INFO", "stats")))?.[1]);
  const { node } = await open({})();
  expect(await one(node, acquire(uniqueKey(), tokenOf("me")))).toEqual(granted);
  const before = await bytes();
  for (let index = 0; index < 5; index++) await one(node, acquire(uniqueKey(), tokenOf("me")));
  expect((await bytes()) - before).toBeLessThan(5_000);
});

test.each([{}, { enableAutoPipelining: false }])(
  "a refusal is a failed vote with the server's words and no token: %o",
  async (options) => {
    const node = recogniseNode(new Redis({ url: front.url, token: "wrong", retry: false, ...options }), 0);
    const token = tokenOf("me");
    const reply = await one(node, acquire(uniqueKey(), token));
    expect(reply).toMatchObject({
      kind: "failed",
      reason: "refused",
      lasting: true,
      message: expect.stringMatching(/^WRONGPASS/),
    });
    expect(JSON.stringify(reply)).not.toContain(token);
  },
);

test("a server that cannot be reached is a failed vote", async () => {
  const node = recogniseNode(clientOf({ url: "http://127.0.0.1:1" }), 0);
  const reply = await one(node, acquire(uniqueKey(), tokenOf("me")));
  expect(reply).toMatchObject({
    kind: "failed",
    reason: "connection",
    message: expect.stringMatching(/^fetch failed/),
  });
});
