import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis-5";
import { expect, test } from "vitest";
import type { IoredisClient } from "../../src/clients/ioredis/library.js";
import { openIoredisSubscriber } from "../../src/clients/ioredis/subscriber.js";
import type { NodeRedisClient } from "../../src/clients/node-redis/library.js";
import { openNodeRedisSubscriber } from "../../src/clients/node-redis/subscriber.js";
import type { NodeRedis3Client } from "../../src/clients/node-redis/v3-library.js";
import { openNodeRedis3Subscriber } from "../../src/clients/node-redis/v3-subscriber.js";
import type { Subscriber, SubscriberEvents } from "../../src/clients/pubsub/subscriber.js";
import { createRedis3 } from "../contract/clients.js";
import { sharedServers } from "../support/shared-servers.js";

const port = () => sharedServers()[0]?.port ?? 0;
const socket = () => ({ port: port(), host: "127.0.0.1" });

type OpenSubscriber = (events: SubscriberEvents) => { subscriber: Subscriber; end(): unknown };

/** The casts correspond to those of `recogniseNode`, which recognises clients by their methods. */
const kinds: [string, OpenSubscriber][] = [
  ...([Redis, Redis5] as unknown as (typeof Redis)[]).flatMap((Library, index): [string, OpenSubscriber][] =>
    ([2, 3] as const).slice(0, index === 0 ? 2 : 1).map((protocol) => [
      `ioredis ${6 - index}, RESP ${protocol}`,
      (events) => {
        const client = new Library({ port: port(), lazyConnect: true, protocol });
        const subscriber = openIoredisSubscriber(client as unknown as IoredisClient, events);
        return { subscriber, end: () => client.disconnect() };
      },
    ]),
  ),
  ...([createClient, createClient5] as unknown as (typeof createClient)[]).flatMap(
    (create, index): [string, OpenSubscriber][] =>
      ([2, 3] as const).map((RESP) => [
        `redis ${6 - index}, RESP ${RESP}`,
        (events) => {
          const client = create({ socket: socket(), RESP }) as unknown as NodeRedisClient;
          return { subscriber: openNodeRedisSubscriber(client, events), end: () => {} };
        },
      ]),
  ),
  [
    "redis 3",
    (events) => {
      const client = createRedis3(socket());
      client.on("error", () => {});
      const subscriber = openNodeRedis3Subscriber(client as unknown as NodeRedis3Client, events);
      return { subscriber, end: () => client.quit() };
    },
  ],
];

test.each(kinds)(
  "a subscriber connection of %s gets replies to PING, and keeps receiving messages",
  async (_, open) => {
    const heard: string[] = [];
    let subscriber: Subscriber | undefined;
    let end = (): unknown => undefined;
    await new Promise<void>((resolve) => {
      const ready = () => resolve();
      ({ subscriber, end } = open({
        ready,
        message: (_channel, message) => heard.push(message),
        lost: () => {},
      }));
    });
    const channel = `subscriber:${process.pid}:${_}`;
    await subscriber?.subscribe(channel);
    for (let ping = 0; ping < 3; ping++) await subscriber?.ping();
    const publisher = new Redis({ port: port() });
    await publisher.publish(channel, "after");
    await expect.poll(() => heard).toEqual(["after"]);
    await subscriber?.ping();
    publisher.disconnect();
    subscriber?.close();
    await end();
  },
);
