import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import {
  createRedis3,
  ioredisSubject,
  ioredisVersions,
  nodeRedis3Subject,
  nodeRedisSubject,
  nodeRedisVersions,
} from "../contract/clients.js";
import { acquire, granted, type Open, one, openReady, tokenOf, uniqueKey } from "../contract/subject.js";
import { sharedCluster, sharedSentinel, sharedServers } from "../support/shared-servers.js";

/** A thread that polls the servers over its own connections until one of them has the key. */
const pollerSource = `
  const { workerData, parentPort } = require("node:worker_threads");
  const { connect } = require("node:net");
  const found = new Int32Array(workerData.found);
  for (const port of workerData.ports) {
    const socket = connect(port, "127.0.0.1");
    const ask = () => socket.write("EXISTS " + workerData.key + "\\r\\n");
    socket.on("connect", () => {
      parentPort.postMessage("connected");
      ask();
    });
    socket.on("data", (reply) => {
      if (String(reply) !== ":1\\r\\n") return setTimeout(ask, 5);
      Atomics.store(found, 0, 1);
      Atomics.notify(found, 0);
    });
  }
`;

let worker: Worker | null = null;
afterEach(async () => {
  await worker?.terminate();
  worker = null;
});

async function lookFor(key: string, ports: readonly number[]): Promise<Int32Array> {
  const found = new Int32Array(new SharedArrayBuffer(4));
  worker = new Worker(pollerSource, { eval: true, workerData: { found: found.buffer, key, ports } });
  let connected = 0;
  await new Promise<void>((resolve) => {
    worker?.on("message", () => {
      connected++;
      if (connected === ports.length) resolve();
    });
  });
  return found;
}

const single = () => sharedServers()[0]?.port ?? 0;
const cluster = () => sharedCluster().ports;
const group = () => {
  const { name, sentinelPorts } = sharedSentinel();
  return { name, sentinels: sentinelPorts.map((port) => ({ host: "127.0.0.1", port })) };
};
const startup = () => cluster().map((port) => ({ host: "127.0.0.1", port }));

const kinds: [string, boolean, Open, () => readonly number[]][] = [
  [
    "a redis:// address",
    false,
    () => ({ node: recogniseNode(`redis://127.0.0.1:${single()}`, 0), end: () => {} }),
    () => [single()],
  ],
  ...ioredisVersions.flatMap(
    ([name, { Redis, Cluster }]): [string, boolean, Open, () => readonly number[]][] => [
      [name, false, () => ioredisSubject(new Redis({ port: single(), lazyConnect: true })), () => [single()]],
      [
        `${name} with enableAutoPipelining`,
        false,
        () => ioredisSubject(new Redis({ port: single(), lazyConnect: true, enableAutoPipelining: true })),
        () => [single()],
      ],
      [
        `${name} Sentinel`,
        false,
        () => ioredisSubject(new Redis({ ...group(), lazyConnect: true })),
        () => [sharedSentinel().masterPort],
      ],
      [
        `${name} Cluster`,
        false,
        () => ioredisSubject(new Cluster(startup(), { lazyConnect: true })),
        cluster,
      ],
    ],
  ),
  ...nodeRedisVersions.flatMap(
    ([name, { createClient, createCluster, createSentinel }]): [
      string,
      boolean,
      Open,
      () => readonly number[],
    ][] => [
      [
        name,
        true,
        () => nodeRedisSubject(createClient({ socket: { port: single(), host: "127.0.0.1" } })),
        () => [single()],
      ],
      [
        `${name} Sentinel`,
        true,
        () => nodeRedisSubject(createSentinel({ name: group().name, sentinelRootNodes: group().sentinels })),
        () => [sharedSentinel().masterPort],
      ],
      [
        `${name} Cluster`,
        true,
        () => nodeRedisSubject(createCluster({ rootNodes: startup().map((socket) => ({ socket })) })),
        cluster,
      ],
    ],
  ),
  ["redis 3", false, () => nodeRedis3Subject(createRedis3({ port: single() })), () => [single()]],
];

describe.each(kinds)("%s", (_, writesLater, open, ports) => {
  test(`has written a request ${writesLater ? "when its immediates have run" : "when it returns"}`, async () => {
    const { node, end } = await openReady(open);
    node.watch(() => {});
    const key = uniqueKey();
    expect(node.writesLater).toBe(writesLater);
    // Opens the connection to this key's server.
    expect(await one(node, acquire(key, tokenOf("me"), 1))).toEqual(granted);
    const found = await lookFor(`${key}:written`, ports());
    const answer = one(node, acquire(`${key}:written`, tokenOf("me")));
    if (writesLater) await setImmediate();
    // Blocks this thread until the server has the key, so that nothing can be written later.
    expect(Atomics.wait(found, 0, 0, 10_000)).not.toBe("timed-out");
    expect(await answer).toEqual(granted);
    await node.close();
    await end();
  });
});
