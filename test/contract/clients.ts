import { createRequire } from "node:module";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis-5";
import * as redis6 from "redis";
import * as redis5 from "redis-5";
import type { RedisClientInput } from "../../src/clients/node-input.js";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { Subject } from "./subject.js";

/** The library versions under test; the members of each pair have the same interface as far as the tests use it. */
export const ioredisVersions = [
  ["ioredis 6", ioredis6],
  ["ioredis 5", ioredis5 as unknown as typeof ioredis6],
] as const;

export const nodeRedisVersions = [
  ["redis 6", redis6],
  ["redis 5", redis5 as unknown as typeof redis6],
] as const;

export interface Versions {
  readonly ioredis: readonly (typeof ioredisVersions)[number][];
  readonly nodeRedis: readonly (typeof nodeRedisVersions)[number][];
}

/** The newest version of each library, which `npm test` tests. */
export const newest: Versions = {
  ioredis: ioredisVersions.slice(0, 1),
  nodeRedis: nodeRedisVersions.slice(0, 1),
};

/** All other versions, which `npm run test:all` tests. */
export const older: Versions = { ioredis: ioredisVersions.slice(1), nodeRedis: nodeRedisVersions.slice(1) };

interface NodeRedis3 extends RedisClientInput {
  quit(): void;
  end(flush: boolean): void;
  on(event: "error", listener: () => void): void;
}

/** node-redis 3, which has callbacks, connects at once, and has no types. */
export const { createClient: createRedis3, RedisClient: Redis3 } = createRequire(import.meta.url)(
  "redis-3",
) as {
  createClient(options: object): NodeRedis3;
  /** `stream`: the connection to use, in place of one that the client opens. */
  readonly RedisClient: new (
    options: object,
    stream: object,
  ) => NodeRedis3;
};

/** A node over a node-redis 3 client, which is closed after the test. */
export const nodeRedis3Subject = (client: NodeRedis3): Subject => ({
  node: recogniseNode(client, 0),
  end: () => client.quit(),
});

interface IoredisLike {
  readonly status: string;
  disconnect(): void;
}

/** A node over an ioredis client, which is closed after the test. */
export const ioredisSubject = (client: RedisClientInput & IoredisLike): Subject => ({
  node: recogniseNode(client, 0),
  end: () => client.disconnect(),
});

interface NodeRedisLike {
  readonly isOpen: boolean;
  destroy(): unknown;
}

/** A node over a node-redis client, which is closed after the test. */
export const nodeRedisSubject = (client: RedisClientInput & NodeRedisLike): Subject => ({
  node: recogniseNode(client, 0),
  end: async () => {
    if (client.isOpen) await client.destroy();
  },
});
