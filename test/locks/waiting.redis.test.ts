import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { callRedis, waitUntil } from "../support/servers.js";
import { sharedCluster } from "../support/shared-servers.js";
import {
  clients,
  countKeys,
  fiveServers,
  foreignSet,
  keysOn,
  locksOf,
  median,
  ownServers,
  type Ported,
  rejection,
  timed,
  uniqueName,
} from "./support.js";

/** ms: a bound between a wake-up (a few ms) and a poll (hundreds of ms), with room for a busy machine. */
const wakeupBound = 150;

/** Returns the number of subscribed connections per server. */
async function listening(servers: readonly Ported[]): Promise<number[]> {
  const lists = await Promise.all(
    servers.map(({ port }) => callRedis(port, ["CLIENT", "LIST", "TYPE", "pubsub"])),
  );
  return lists.map((list) => String(list).split("\n").filter(Boolean).length);
}

/** Returns the number of waiters for a key per server. The queue stores two entries per waiter. */
async function queued(servers: readonly Ported[], key: string): Promise<number[]> {
  const sizes = servers.map(({ port }) => callRedis(port, ["ZCARD", `holdfast:queue:${key}`]));
  return (await Promise.all(sizes)).map((size) => Number(size) / 2);
}

const untilQueued = (servers: readonly Ported[], key: string, places = 1) =>
  waitUntil(`${places} wait for ${key}`, 20_000, async () =>
    (await queued(servers, key)).every((size) => size === places),
  );

/** A release is complete when a quorum has confirmed it. The other nodes follow long before the ttl of 10 s is over. */
const untilEmpty = (servers: readonly Ported[], prefix = "") =>
  waitUntil("no key is left", 5_000, async () => (await countKeys(servers, prefix)) === 0);

/** Creates a manager, as in a separate process, with ioredis, node-redis and an address. */
function processOf(servers: readonly Ported[], options: Parameters<typeof locksOf>[1] = {}) {
  const [first, second, third] = servers as [Ported, Ported, Ported];
  const nodes = [
    clients.ioredis(first.port),
    clients.nodeRedis(second.port),
    `redis://127.0.0.1:${third.port}`,
  ];
  return locksOf(nodes, options);
}

describe("a caller that waits for a lock, on servers", () => {
  it("is woken by the release, with ioredis, node-redis and an address in one quorum", async () => {
    const servers = fiveServers().slice(0, 3);
    const prefix = uniqueName();
    const [holder, locks] = [processOf(servers, { prefix }), processOf(servers, { prefix })];
    const times: number[] = [];
    const pairs: number[] = [];
    for (let round = 0; round < 9; round++) {
      pairs.push((await timed(() => holder.using("free", () => {}))).ms);
      const held = await holder.acquire("a");
      const waiting = locks.acquire("a");
      await untilQueued(servers, `${prefix}a`);
      const { value, ms, slack } = await timed(async () => {
        await held.release();
        return waiting;
      });
      times.push(ms - slack);
      await value.release();
    }
    // A wake-up takes a few round trips, like an acquisition and a release. Both take longer on a busy machine.
    expect(median(times)).toBeLessThan(wakeupBound + 5 * median(pairs));
  });

  it("is woken in order in a Cluster, and no side key remains", async () => {
    const { ports } = sharedCluster();
    const prefix = uniqueName();
    const open = () => {
      const cluster = new Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
      onTestFinished(() => cluster.disconnect());
      return locksOf([cluster], { prefix });
    };
    const [holder, first, second] = [open(), open(), open()];
    await Promise.all([holder, first, second].map((locks, index) => locks.using(`${index}`, () => {})));
    const held = await holder.acquire("a");
    const order: number[] = [];
    const waiting: Promise<void>[] = [];
    for (const [index, locks] of [first, second, first, second].entries()) {
      waiting.push(locks.using("a", () => void order.push(index)));
      await sleep(50);
    }
    const { ms, slack } = await timed(async () => {
      await held.release();
      await Promise.all(waiting);
    });
    expect(order).toEqual([0, 1, 2, 3]);
    expect(ms).toBeLessThan(4 * wakeupBound + slack);
    const beside = await Promise.all(ports.map((port) => callRedis(port, ["KEYS", `*${prefix}*`])));
    expect(beside.flat()).toEqual([]);
  });

  it("asks seldom while the lock is held", async () => {
    const servers = await ownServers(3);
    const [holder, locks] = [processOf(servers), processOf(servers)];
    const held = await holder.acquire("a");
    let attempts = 0;
    locks.on("retrying", () => {
      attempts++;
    });
    const waiting = locks.acquire("a");
    // The servers run in real time. 2 s are enough for several polls.
    const { ms } = await timed(() => sleep(2_000));
    await waitUntil("the caller has polled", 20_000, () => attempts >= 2);
    expect(attempts).toBeLessThanOrEqual(2 + ms / 300 + 1);
    await held.release();
    await (await waiting).release();
  });

  it("shares one queue position with all callers of its process, and one connection for all resources", async () => {
    const servers = await ownServers(3);
    const [holder, locks] = [processOf(servers), processOf(servers)];
    const names = ["a", "b", "c", "d", "e"];
    await locks.using("free", () => {});
    const held = await Promise.all(names.map((name) => holder.acquire(name)));
    expect(await listening(servers)).toEqual([0, 0, 0]);
    const order: number[] = [];
    const waiting = names.flatMap((name) =>
      Array.from({ length: 50 }, (_, index) =>
        locks.using(name, () => {
          if (name === "a") order.push(index);
        }),
      ),
    );
    for (const name of names) await untilQueued(servers, name);
    expect(await listening(servers)).toEqual([1, 1, 1]);
    await Promise.all(held.map((lease) => lease.release()));
    await Promise.all(waiting);
    expect(order).toEqual(order.map((_, index) => index));
    await untilEmpty(servers);
    await locks.close();
    await waitUntil("no connection is subscribed", 20_000, async () =>
      (await listening(servers)).every((count) => count === 0),
    );
  });

  it("is served in order of arrival across processes", async () => {
    const servers = fiveServers();
    const prefix = uniqueName();
    const [holder, ...processes] = Array.from({ length: 6 }, () =>
      locksOf(
        servers.map(({ port }) => clients.ioredis(port)),
        { prefix },
      ),
    );
    await Promise.all(processes.map((locks, index) => locks.using(`met ${index}`, () => {})));
    const held = await holder!.acquire("a");
    const order: number[] = [];
    const waiting: Promise<unknown>[] = [];
    for (let index = 0; index < 20; index++) {
      waiting.push(processes[(index * 3) % 5]!.using("a", () => void order.push(index)));
      // Tickets are in ms.
      await sleep(3);
    }
    await untilQueued(servers, `${prefix}a`, 5);
    await held.release();
    await Promise.all(waiting);
    expect(order).toEqual(order.map((_, index) => index));
    expect(order).toHaveLength(20);
  });

  it("gets the lock by polling when its subscribed connections are killed, and is woken again later", async () => {
    const servers = await ownServers(3);
    const [holder, locks] = [processOf(servers), processOf(servers)];
    const held = await holder.acquire("a");
    const waiting = locks.acquire("a");
    await untilQueued(servers, "a");
    await Promise.all(servers.map(({ port }) => callRedis(port, ["CLIENT", "KILL", "TYPE", "pubsub"])));
    const lost = await timed(async () => {
      await held.release();
      return waiting;
    });
    expect(lost.ms).toBeLessThan(50 + 500 + wakeupBound + lost.slack);
    const next = holder.acquire("a");
    await untilQueued(servers, "a");
    await lost.value.release();
    const again = locks.acquire("a");
    const held2 = await next;
    await waitUntil("the connections are subscribed again", 20_000, async () =>
      (await listening(servers)).every((count) => count >= 2),
    );
    await held2.release();
    await (await again).release();
    await untilEmpty(servers);
  });

  it("leaves nothing behind after an abort, a timeout and close()", async () => {
    const servers = await ownServers(3);
    const [holder, locks] = [processOf(servers), processOf(servers)];
    const held = await holder.acquire("a");
    const abort = new AbortController();
    const aborted = rejection(locks.acquire("a", { signal: abort.signal }));
    await untilQueued(servers, "a");
    const late = rejection(locks.acquire("a", { wait: 400 }));
    const closed = rejection(locks.acquire("a"));
    abort.abort(new Error("enough"));
    expect((await aborted).message).toBe("enough");
    expect(await late).toMatchObject({ code: "ACQUIRE_TIMEOUT", cause: { code: "LOCK_CONTENDED" } });
    await untilQueued(servers, "a");
    await locks.close();
    expect((await closed).code).toBe("MANAGER_CLOSED");
    await waitUntil("nothing is left of the callers that gave up", 1_000, async () => {
      return (await countKeys(servers, "holdfast:")) === 0;
    });
    expect(await keysOn(servers, "")).toEqual([["a"], ["a"], ["a"]]);
    await held.release();
    expect(await countKeys(servers, "")).toBe(0);
  });

  it("waits for a client without queues, and such a client takes a reserved lock", async () => {
    const servers = fiveServers().slice(0, 3);
    const prefix = uniqueName();
    const key = `${prefix}a`;
    const locks = processOf(servers, { prefix });
    // The time includes setting the foreign key: much of its TTL may pass before the acquisition.
    const {
      value: lease,
      ms,
      slack,
    } = await timed(async () => {
      await foreignSet(servers, key, "foreign", 700);
      return locks.acquire("a");
    });
    expect(ms).toBeGreaterThan(695);
    expect(ms).toBeLessThan(700 + wakeupBound + slack);
    // Adds a dead waiter.
    const until = -Date.now() - 1_500;
    for (const { port } of servers) {
      await callRedis(port, ["ZADD", `holdfast:queue:${key}`, 1, "dead:1", until, "!dead:1"]);
      await callRedis(port, ["PEXPIRE", `holdfast:queue:${key}`, 1_500]);
    }
    const waiting = locks.acquire("a");
    await untilQueued(servers, key, 2);
    await lease.release();
    const last = await timed(async () => {
      // A quorum has confirmed the release. The last node may still execute it.
      const granted = (await foreignSet(servers, key, "foreign", 300)).filter((reply) => reply === "OK");
      expect(granted.length).toBeGreaterThanOrEqual(2);
      return waiting;
    });
    expect(last.ms).toBeGreaterThan(295);
    expect(last.ms).toBeLessThan(300 + 50 + 500 + wakeupBound + last.slack);
    await last.value.release();
    await untilEmpty(servers, prefix);
  });

  it("gets the lock when one of three servers is down, restarts empty or hangs", async () => {
    const servers = await ownServers(3);
    const [holder, locks] = [processOf(servers), processOf(servers)];
    const disturbances = [
      () => servers[0]!.suspend(),
      () => servers[0]!.resume(),
      () => servers[0]!.kill(),
      () => servers[0]!.restart(),
    ];
    for (const disturb of disturbances) {
      const held = await holder.acquire("a");
      const waiting = locks.acquire("a");
      await untilQueued(servers.slice(1), "a");
      await disturb();
      const { value, ms, slack } = await timed(async () => {
        await held.release();
        return waiting;
      });
      // The acquisition waits once for a server that hangs when the others do not agree.
      expect(ms).toBeLessThan(500 + 500 + wakeupBound + slack);
      await value.release();
    }
  });
});

describe("three resources at once, each with four other waiters, on servers", () => {
  it.each([
    ["in separate processes", 13],
    ["in one process", 1],
  ])("are granted within 20 times the wait for a single resource: %s", async (_, count) => {
    const servers = fiveServers().slice(0, 3);
    const prefix = uniqueName();
    const processes = Array.from({ length: count }, () =>
      locksOf(
        servers.map(({ port }) => clients.ioredis(port)),
        { prefix, wait: 60_000 },
      ),
    );
    await Promise.all(processes.map((locks, index) => locks.using(`met ${index}`, () => {})));
    const names = ["a", "b", "c"];
    const singles: number[] = [];
    const several: number[] = [];
    let over = false;
    const caller = async (index: number, wanted: string | string[], waits: number[]) => {
      for (let nth = 0; !over; nth++) {
        const { value, ms } = await timed(() => processes[index % count]!.acquire(wanted));
        waits.push(ms);
        // The lock is held for 0 to 10 ms. The exact time does not matter.
        await sleep((index * 7 + nth * 3) % 11);
        await value.release();
      }
    };
    const all = Array.from({ length: 12 }, (_, index) => caller(index, names[index % 3] as string, singles));
    all.push(caller(12, names, several));
    await waitUntil("all three were granted ten times", 60_000, async () => several.length >= 10);
    over = true;
    await Promise.all(all);
    const mean = singles.reduce((sum, ms) => sum + ms, 0) / singles.length;
    expect(Math.max(...several.slice(0, 10))).toBeLessThan(20 * mean + wakeupBound);
    await waitUntil("nothing is left", 5_000, async () => {
      return (
        (await countKeys(servers, prefix)) + (await countKeys(servers, `holdfast:queue:${prefix}`)) === 0
      );
    });
  });

  it("are granted in order of arrival where they overlap, and leave nothing", async () => {
    const { ports } = sharedCluster();
    const prefix = `${uniqueName()}{slot}`;
    const open = () => {
      const cluster = new Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
      onTestFinished(() => cluster.disconnect());
      return locksOf([cluster], { prefix, wait: 60_000 });
    };
    const processes = [open(), open(), open()] as const;
    await Promise.all(processes.map((locks, index) => locks.using(`${index}`, () => {})));
    const held = await processes[0].acquire(["a", "b", "c"]);
    const order: number[] = [];
    const sets = [["a", "b"], ["b", "c"], ["c"], ["c", "a"], ["a", "b", "c"], ["b"]];
    const waiting: Promise<void>[] = [];
    for (const [index, wanted] of sets.entries()) {
      waiting.push(processes[index % 3]!.using(wanted, () => void order.push(index)));
      await sleep(50);
    }
    await held.release();
    await Promise.all(waiting);
    // Only the first and the third set do not overlap.
    expect(order.filter((index) => index !== 2)).toEqual([0, 1, 3, 4, 5]);
    expect(order.indexOf(2)).toBeGreaterThan(order.indexOf(1));
    expect(order.indexOf(2)).toBeLessThan(order.indexOf(3));
    const beside = await Promise.all(ports.map((port) => callRedis(port, ["KEYS", `*${prefix}*`])));
    expect(beside.flat()).toEqual([]);
  });
});
