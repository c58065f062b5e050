import { Cluster, Redis } from "ioredis";
import * as ioredis5 from "ioredis-5";
import * as redis6 from "redis";
import * as redis5 from "redis-5";
import { afterAll, describe, expect, test } from "vitest";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import type { NodeInput } from "../../src/clients/node-input.js";
import { recogniseNode } from "../../src/clients/recognise.js";
import { InvalidOptionError, isHoldfastError } from "../../src/errors.js";

const secret = "s3cret-pa55word";
const options = { lazyConnect: true, host: "db.test", port: 6400, username: "someone", password: secret };
const nodes = [{ host: "db.test", port: 6400 }];
const url = `redis://someone:${secret}@db.test:6400/2`;

const ended: (() => void)[] = [];
afterAll(() => {
  for (const end of ended) end();
});
function opened<Client extends { disconnect(): void }>(client: Client): Client {
  ended.push(() => client.disconnect());
  return client;
}

const sentinelOf = (library: typeof redis6) =>
  library.createSentinel({ name: "main", sentinelRootNodes: nodes, nodeClientOptions: { password: secret } });

/** The input, the name of the node, its prefix and its database. */
const recognised: [string, () => NodeInput, string, string, number][] = [
  ["ioredis 6", () => opened(new Redis(options)), "db.test:6400", "", 0],
  ["ioredis 5", () => opened(new ioredis5.Redis(options)), "db.test:6400", "", 0],
  [
    "ioredis with a prefix and a database",
    () => opened(new Redis({ ...options, keyPrefix: "app:", db: 3 })),
    "db.test:6400",
    "app:",
    3,
  ],
  [
    "ioredis over a socket file",
    () => opened(new Redis({ path: "/run/redis.sock", lazyConnect: true })),
    "/run/redis.sock",
    "",
    0,
  ],
  [
    "ioredis Sentinel",
    () => opened(new Redis({ sentinels: nodes, name: "main", lazyConnect: true, password: secret })),
    "sentinel:main",
    "",
    0,
  ],
  [
    "ioredis Cluster",
    () => opened(new Cluster([url], { lazyConnect: true, keyPrefix: "app:" })),
    "cluster:db.test:6400",
    "app:",
    0,
  ],
  [
    "ioredis 5 Cluster",
    () => opened(new ioredis5.Cluster(nodes, { lazyConnect: true })),
    "cluster:db.test:6400",
    "",
    0,
  ],
  [
    "an ioredis Cluster given as a port",
    () => opened(new Cluster([6400], { lazyConnect: true })),
    "cluster:localhost:6400",
    "",
    0,
  ],
  ["redis 6", () => redis6.createClient({ url, keyPrefix: "app:" }), "db.test:6400", "app:", 2],
  ["redis 5", () => redis5.createClient({ url }), "db.test:6400", "", 2],
  ["redis without options", () => redis6.createClient(), "localhost:6379", "", 0],
  ["redis 3", () => redis3({ prefix: "app:", db: "2" }), "db.test:6400", "app:", 2],
  [
    "redis with a type mapping",
    () => redis6.createClient({ url }).withTypeMapping({}),
    "db.test:6400",
    "",
    2,
  ],
  [
    "redis over a socket file",
    () => redis6.createClient({ socket: { path: "/run/redis.sock", tls: false } }),
    "/run/redis.sock",
    "",
    0,
  ],
  ["redis 6 Cluster", () => redis6.createCluster({ rootNodes: [{ url }] }), "cluster:db.test:6400", "", 0],
  [
    "redis 5 Cluster",
    () => redis5.createCluster({ rootNodes: [{ socket: nodes[0] ?? {} }] }),
    "cluster:db.test:6400",
    "",
    0,
  ],
  ["redis 6 Sentinel", () => sentinelOf(redis6), "sentinel:db.test:6400", "", 0],
  ["redis 5 Sentinel", () => sentinelOf(redis5 as unknown as typeof redis6), "sentinel:db.test:6400", "", 0],
  ["a redis:// address", () => url, "redis://db.test:6400/2", "", 2],
  ["a rediss:// address", () => `rediss://:${secret}@db.test`, "rediss://db.test", "", 0],
  ["an address with parameters", () => `${url}?family=6&db=2`, "redis://db.test:6400/2", "", 2],
  ["an address with a database as a parameter", () => "redis://h?db=3", "redis://h/3", "", 3],
  ["an IPv6 address", () => "redis://[::1]:6400", "redis://[::1]:6400", "", 0],
  ["a memory node", () => memoryNode("mine"), "mine", "", 0],
];

describe("recognised by its shape, and named without user and password", () => {
  test.each(recognised)("%s", (what, make, name, prefix, database) => {
    const node = recogniseNode(make(), 0);
    expect(node.name).toBe(name);
    // The options of a node-redis Sentinel client are not readable; the first connection shows the database.
    if (what.endsWith("Sentinel") && !what.startsWith("ioredis")) expect(node.keyspace).toBeNull();
    else expect(node.keyspace).toEqual({ prefix, database });
    expect(node.sharded).toBe(name.startsWith("cluster:"));
    expect(node.connection).toBe(name === "mine" ? "ready" : "connecting");
  });

  test("a plain { set, eval }, whose keyspace cannot be known", () => {
    const node = recogniseNode({ set: async () => "OK", eval: async () => [] }, 2);
    expect(node).toMatchObject({ name: "client 2", keyspace: null, sharded: false, connection: "ready" });
  });

  test("a client of Bun, with or without eval", () => {
    const method = async () => "OK";
    const bun = {
      connected: false,
      set: method,
      send: method,
      connect: method,
      close: method,
      duplicate: method,
    };
    expect(recogniseNode(bun, 1).name).toBe("client 1");
    expect(recogniseNode({ ...bun, eval: method }, 1).name).toBe("client 1");
  });

  test("a subclass, and a copy that is no instance of anything", () => {
    class Special extends Redis {}
    const special = opened(new Special(options));
    const proxy = new Proxy(opened(new Redis(options)), {});
    expect(recogniseNode(special, 0).name).toBe("db.test:6400");
    expect(recogniseNode(proxy, 0).name).toBe("db.test:6400");
  });

  test("a custom node is returned unchanged", () => {
    const node = memoryNode();
    expect(recogniseNode(node, 0)).toBe(node);
  });
});

const pool = () => redis6.createClientPool({ url });
// @ts-expect-error: a pool does not keep the order of commands
pool satisfies () => NodeInput;
const multi = (redis: Redis) => redis.multi();

/** The input, and the pattern of the error message. */
const refused: [string, () => unknown, RegExp][] = [
  ["undefined", () => undefined, /got undefined/],
  ["null", () => null, /got null/],
  ["a number", () => 6379, /got 6379/],
  ["an array", () => [], /ioredis or node-redis/],
  ["an empty object", () => ({}), /an object without these methods/],
  [
    "the options of a client",
    () => ({ host: "db.test", password: secret }),
    /an object without these methods/,
  ],
  ["another client", () => new (class Memcached {})(), /an object of class Memcached/],
  ["half a plain client", () => ({ set: async () => "OK" }), /eval\(script, keys, args\)/],
  ["a class", () => Redis, /create a client.*a class or function/],
  ["a promise of a client", () => Promise.resolve(memoryNode()), /await it.*a promise/],
  ["a pool of redis 6", pool, /order.*createClient\(\).*a pool of node-redis clients/],
  ["a pool of redis 5", () => redis5.createClientPool({ url }), /a pool of node-redis clients/],
  ["a transaction of redis 6", () => redis6.createClient({ url }).multi(), /a transaction or pipeline/],
  ["a transaction of redis 5", () => redis5.createClient({ url }).multi(), /a transaction or pipeline/],
  ["a pipeline of ioredis", () => opened(new Redis(options)).pipeline(), /a transaction or pipeline/],
  ["a transaction of ioredis", () => multi(opened(new Redis(options))), /a transaction or pipeline/],
  [
    "a legacy client of redis 6",
    () => redis6.createClient({ url }).legacy(),
    /a client in a legacy mode, with callbacks/,
  ],
  [
    "a legacy client of redis 5",
    () => redis5.createClient({ url }).legacy(),
    /a client in a legacy mode, with callbacks/,
  ],
  [
    "a client of node-redis 4 in legacy mode",
    () => ({ ...redis4(), options: { legacyMode: true, password: secret } }),
    /a client in a legacy mode, with callbacks/,
  ],
  [
    "a client of node-redis 3 that sends again",
    () => redis3({ retry_unfulfilled_commands: true }),
    /given up long ago/,
  ],
  ["a monitoring ioredis", () => opened(new Redis({ ...options, monitor: true })), /duplicate.*monitor mode/],
  [
    "a client of ioredis-mock",
    () => ({ set: async () => "OK", eval: async () => [], defineCommand: () => {}, shaScripts: {} }),
    /memoryNode\(\) in tests.*a client of ioredis-mock/,
  ],
  ["a function that returns a client", () => () => ioredisShape(), /create a client.*a class or function/],
  ["a subscribed ioredis", () => ({ ...ioredisShape(), mode: "subscriber" }), /duplicate.*subscriber mode/],
  ["an address of something else", () => `http://someone:${secret}@db.test`, /got "http:\/\/db\.test"/],
  ["a host and port", () => "db.test:6379", /got "db\.test:6379"/],
  ["an empty address", () => "", /got ""/],
  ["an address without a host", () => "redis://", /redis:\/\/\[user/],
  [
    "an address with a database that is none",
    () => `redis://:${secret}@db.test/main`,
    /got "redis:\/\/db\.test\/main" \(the path must be the number of a database\)/,
  ],
  [
    "an address with a % that begins no character",
    () => `redis://:100%${secret}@db.test`,
    /got "redis:\/\/db\.test" \(a "%" that does not begin .* must be written as "%25"\)/,
  ],
  [
    "an address with a # in its password",
    () => `redis://:#${secret}@db.test`,
    /got "redis:\/\/db\.test" \(a "\/", "\?" or "#" in a user or password must be percent-encoded, as "%2F"/,
  ],
  [
    "an address with a / in its password",
    () => `redis://someone:12/${secret}@db.test`,
    /got "redis:\/\/db\.test" \(a "\/", "\?" or "#" in a user or password must be percent-encoded, as "%2F"/,
  ],
  [
    "an address with a password and no host",
    () => `redis://someone:${secret}`,
    /got "redis:\/\/someone:\*\*\*"/,
  ],
  [
    "an address with an unknown parameter",
    () => `redis://db.test?family=4&password=${secret}`,
    /got "redis:\/\/db\.test\?password=\.\.\." \(the parameter "password" is not supported/,
  ],
  [
    "an address with an invalid family",
    () => `redis://someone:${secret}@db.test?family=5`,
    /got "redis:\/\/db\.test\?family=5" \(family must be 0, 4 or 6\)/,
  ],
  ["an address with a parameter twice", () => "redis://db.test?db=1&db=2", /\?db=1" \(.*given twice/],
  ["an address with an invalid db", () => "redis://db.test?db=one", /\?db=one" \(db must be the number/],
  ["an address with two databases", () => "redis://db.test/1?db=2", /db\.test\/1\?db=2" \(the path names/],
  ["an address with a fragment", () => `redis://db.test#${secret}`, /got "redis:\/\/db\.test#\.\.\."/],
  [
    "an address with a ? in its password",
    () => `redis://someone:1?${secret}@db.test`,
    /got "redis:\/\/db\.test" \(a "\/", "\?" or "#" in a user or password must be percent-encoded, as "%2F"/,
  ],
  [
    "an address with a port that is none",
    () => `redis://:${secret}@db.test:99999`,
    /got "redis:\/\/db\.test:99999" \(the port must be a number up to 65535\)/,
  ],
  ["credentials without a scheme", () => `someone:${secret}@db.test`, /got "db\.test"/],
];

function redis3(options: object = {}) {
  const method = () => true;
  const methods = {
    set: method,
    eval: method,
    evalsha: method,
    internal_send_command: method,
    on: method,
    off: method,
  };
  return { ...methods, ready: false, closing: false, address: "db.test:6400", auth_pass: secret, options };
}

function redis4() {
  const method = async () => "OK";
  return {
    isOpen: false,
    isReady: false,
    set: method,
    eval: method,
    evalSha: method,
    sendCommand: method,
    on: method,
    off: method,
  };
}

function ioredisShape() {
  const method = async () => "OK";
  return {
    status: "ready",
    options: {},
    set: method,
    eval: method,
    evalsha: method,
    createBuiltinCommand: method,
    on: method,
    off: method,
  };
}

describe("refused, with the input, the accepted inputs, and no secret", () => {
  test.each(refused)("%s", (_, make, message) => {
    let thrown: unknown;
    try {
      recogniseNode(make() as NodeInput, 7);
    } catch (error) {
      thrown = error;
    }
    if (!isHoldfastError(thrown, "INVALID_OPTION")) throw new Error(`not refused: ${thrown}`);
    expect(thrown).toBeInstanceOf(InvalidOptionError);
    expect(thrown.option).toBe("nodes[7]");
    expect(thrown.message).toMatch(/^nodes\[7\] must be /);
    expect(thrown.message).toMatch(message);
    const everything = `${thrown.message} ${thrown.stack} ${JSON.stringify(thrown)} ${String(thrown.value)}`;
    expect(everything).not.toContain(secret);
  });

  test("a client of node-redis 4 is accepted by its shape", () => {
    expect(recogniseNode(redis4(), 0).name).toBe("localhost:6379");
  });
});
