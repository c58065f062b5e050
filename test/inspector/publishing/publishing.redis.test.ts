import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { recogniseNode } from "../../../src/clients/recognise.js";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { subscribeToFrames } from "../../../src/inspector/publishing/frame-subscription.js";
import { clients, locksOf, ownServers } from "../../locks/support.js";
import type { RedisServer } from "../../support/servers.js";
import { sharedCluster } from "../../support/shared-servers.js";
import { waitUntil } from "../../support/wait-until.js";

const channel = "holdfast:life";

/** The frames received over these nodes until the end of the test. */
function listen(inputs: readonly (string | object)[]) {
  const frames: Frame[] = [];
  const aggregate = new FrameAggregate();
  const nodes = inputs.map((input, index) => recogniseNode(input as string, index));
  const listening = subscribeToFrames(nodes, (frame) => {
    frames.push(frame);
    aggregate.apply(frame, Date.now());
  });
  onTestFinished(() => listening.close());
  const stateOf = (resource: string) =>
    [...aggregate.locks.values()].find(({ resources }) => resources[0] === resource)?.state;
  return { frames, aggregate, listening, stateOf };
}

const owners = (aggregate: FrameAggregate) =>
  [...aggregate.sources.values()].map(({ beat }) => beat.owner).sort();
const urls = (servers: readonly RedisServer[]) => servers.map(({ url }) => url);

async function publishedAt(server: RedisServer): Promise<number> {
  const stats = String(await server.call("INFO", "commandstats"));
  return Number(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** A client of another library, with another key prefix: all use the same channel. */
const prefixed = (servers: readonly RedisServer[], keyPrefix: string) =>
  servers.map(({ port }) => clients.ioredis(port, { keyPrefix }));
async function nodeRedis(servers: readonly RedisServer[]) {
  const connected = servers.map(({ port }) => clients.nodeRedis(port));
  await Promise.all(connected.map((client) => client.connect()));
  return connected;
}

const patient = { ttl: 20_000, nodeTimeout: 3_000 };

describe("publishing over real servers", () => {
  it("lets a third process see the locks of two, whatever their clients and prefixes", async () => {
    const servers = await ownServers(3);
    const ours = locksOf(prefixed(servers, "ours:"), { publish: true, owner: "ours", ...patient });
    const theirs = locksOf(await nodeRedis(servers), { publish: true, owner: "theirs", ...patient });
    const plain = locksOf(
      servers.map(({ port }) => clients.plain(port)),
      { publish: true, owner: "plain", ...patient },
    );
    const received = listen(urls(servers));
    const byClient = listen(prefixed(servers, "viewer:"));
    for (const { aggregate, listening } of [received, byClient]) {
      await waitUntil("all are there", 10_000, () => owners(aggregate).join() === "ours,plain,theirs");
      await waitUntil("it stands on all of them", 10_000, () => listening.subscribedNodes === 3);
    }
    const [a, b, c] = [await ours.acquire("a"), await theirs.acquire("b"), await plain.acquire("c")];
    await waitUntil("all are held", 5_000, () =>
      ["a", "b", "c"].every((name) => received.stateOf(name) === "held"),
    );
    for (const lease of [a, b, c]) await lease.release();
    await waitUntil("all are idle", 5_000, () =>
      ["a", "b", "c"].every((name) => received.stateOf(name) === "idle"),
    );
    for (const locks of [ours, theirs, plain]) await locks.close();
    await waitUntil("all have announced their end", 5_000, () =>
      [...received.aggregate.sources.values()].every(({ closed }) => closed),
    );
    for (const { frames, listening } of [received, byClient]) {
      expect(listening.dropped).toBe(0);
      const numbers = frames.map(({ source, seq }) => `${source} ${seq}`);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
  });

  it("continues while a node is down, and over that node when it is back", async () => {
    const servers = await ownServers(3);
    const [first, ...others] = servers as [RedisServer, RedisServer, RedisServer];
    const locks = locksOf(prefixed(servers, ""), { publish: true, quarantine: false, ...patient });
    const received = listen(urls(servers));
    const overFirst = listen([first.url]);
    await waitUntil(
      "the frame is received",
      10_000,
      () => overFirst.aggregate.sources.size === 1 && received.listening.subscribedNodes === 3,
    );
    await first.kill();
    await waitUntil("the lost node is noticed", 5_000, () => received.listening.subscribedNodes === 2);
    await locks.using("meanwhile", () => {});
    await waitUntil(
      "the frame arrives over the other nodes",
      5_000,
      () => received.stateOf("meanwhile") === "idle",
    );
    await first.restart();
    await waitUntil("the subscription is restored", 15_000, () => received.listening.subscribedNodes === 3);
    const lease = await locks.acquire("again");
    await waitUntil(
      "the frame arrives over this node as well",
      15_000,
      () => overFirst.stateOf("again") === "held",
    );
    await lease.release();
    expect(others).toHaveLength(2);
  }, 120_000);

  it("sends only beats without subscribers", async () => {
    const [server] = await ownServers(1);
    if (server === undefined) throw new Error("no server");
    const locks = locksOf(prefixed([server], ""), { publish: true, ...patient });
    await waitUntil("it has begun", 5_000, async () => (await publishedAt(server)) === 1);
    const start = performance.now();
    let turns = 0;
    // In real time, because the server counts the messages.
    while (performance.now() - start < 3_000 || turns <= 50) {
      await locks.using(`a${turns++ % 50}`, () => {});
    }
    const spent = performance.now() - start;
    expect(await publishedAt(server)).toBeLessThanOrEqual(1 + Math.ceil(spent / 2_000));
    const received = listen([server.url]);
    const lease = await locks.acquire("seen");
    await waitUntil("the frame is received", 5_000, () => received.stateOf("seen") === "held");
    await lease.release();
    await received.listening.close();
    let before = -1;
    await waitUntil("it is quiet again", 10_000, async () => {
      const now = await publishedAt(server);
      const quiet = now === before;
      before = now;
      return quiet;
    });
  });

  it("sends no token, and nothing but its frames on its channel", async () => {
    const servers = await ownServers(3);
    const tokens = new Set<string>();
    const messages: string[] = [];
    for (const { port } of servers) {
      const monitor = await clients.ioredis(port).monitor();
      onTestFinished(() => monitor.disconnect());
      monitor.on("monitor", (_time: string, args: string[]) => {
        for (const word of args)
          if (/^[^~]+~[\w-]{22}$/.test(word)) tokens.add(word.slice(word.indexOf("~") + 1));
      });
      const subscriber = clients.ioredis(port);
      subscriber.on("message", (_channel, message) => messages.push(message));
      await subscriber.subscribe(channel);
    }
    const locks = locksOf(prefixed(servers, ""), { publish: true, owner: "ours", ...patient });
    const others = locksOf(prefixed(servers, ""), { publish: true, owner: "others", ...patient });
    await waitUntil("they publish", 5_000, () => messages.length > 0);
    const lease = await locks.acquire("a", { fence: true });
    const waiting = others.acquire("a");
    await waitUntil("the frame is received", 5_000, () =>
      messages.some((message) => message.includes('"tokenHash"')),
    );
    await lease.renew();
    await lease.release();
    await (await waiting).release();
    await Promise.all([locks.close(), others.close()]);
    await waitUntil("the frames are received", 5_000, () =>
      messages.some((message) => message.includes('"bye"')),
    );
    expect(tokens.size).toBeGreaterThanOrEqual(2);
    const text = messages.join("\n");
    for (const token of tokens) expect(text).not.toContain(token);
  });
});

describe("publishing over a Cluster", () => {
  const { ports } = sharedCluster();
  const roots = ports.map((port) => ({ host: "127.0.0.1", port }));
  const clusters = {
    ioredis: async (keyPrefix = "") => {
      const client = new Cluster(roots, keyPrefix === "" ? {} : { keyPrefix });
      onTestFinished(() => client.disconnect());
      return client;
    },
    "node-redis": async () => {
      const client = createCluster({
        rootNodes: roots.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })),
      });
      onTestFinished(() => (client.isOpen ? client.destroy() : undefined));
      await client.connect();
      return client;
    },
  };

  it.each([
    ["ioredis", "node-redis"],
    ["node-redis", "ioredis"],
  ] as const)(
    "finds who listens, at whichever server: %s received by %s",
    async (ours, theirs) => {
      const locks = locksOf([(await clusters[ours]("p:")) as never], {
        publish: true,
        owner: ours,
        ...patient,
      });
      const received = listen([await clusters[theirs]()]);
      const mine = () => owners(received.aggregate).includes(ours);
      // A server knows only its own subscribers, so each server is asked.
      await waitUntil("it has found who listens", 30_000, mine);
      const lease = await locks.acquire(`seen-by-${theirs}`);
      await waitUntil(
        "the frame is received",
        30_000,
        () => received.stateOf(`seen-by-${theirs}`) === "held",
      );
      await lease.release();
      await locks.close();
    },
    80_000,
  );
});

it("missing rights to publish are warned of once, whatever the number of nodes", async () => {
  const servers = await ownServers(2);
  for (const server of servers)
    await server.call("ACL", "SETUSER", "mute", "on", ">word", "allkeys", "+@all", "resetchannels");
  const warnings: (Error & { code?: string })[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const nodes = servers.map(({ port }) => `redis://mute:word@127.0.0.1:${port}`);
  const locks = locksOf(nodes, { publish: true, ...patient });
  await (await locks.acquire("a")).release();
  await waitUntil("it warns", 10_000, () => warnings.some(({ code }) => code === "PUBLISH_FAILED"));
  await locks.close();
  const failed = warnings.filter(({ code }) => code === "PUBLISH_FAILED");
  expect(failed).toHaveLength(1);
  expect(failed[0]?.message).toMatch(
    /^locks are not published over every node: .*(permission|publish to the channel)/i,
  );
});
