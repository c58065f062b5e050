import { describe, expect, it, vi } from "vitest";
import type { Locks } from "../../src/index.js";
import { aborted } from "../support/aborted.js";
import { waitUntil } from "../support/servers.js";
import {
  clients,
  countKeys,
  fiveServers,
  foreignSet,
  locksOf,
  ownServers,
  rejection,
  timed,
  uniqueName,
} from "./support.js";

const servers = fiveServers().slice(0, 3);

/** Creates locks with a prefix where another client holds the resource "taken" on a majority. */
async function contended(): Promise<{ locks: Locks; prefix: string }> {
  const prefix = uniqueName();
  await foreignSet(servers.slice(0, 2), `${prefix}taken`);
  const locks = locksOf(
    servers.map(({ port }) => clients.ioredis(port)),
    { prefix, ttl: 60_000 },
  );
  return { locks, prefix };
}

const onlyForeignLeft = (prefix: string) =>
  waitUntil("only the foreign keys are left", 5_000, async () => (await countKeys(servers, prefix)) === 2);

describe("a signal", () => {
  it("ends the wait with its own reason, and nothing is left", async () => {
    const { locks, prefix } = await contended();
    const stop = new AbortController();
    const reason = new Error("we are shutting down");
    const events: string[] = [];
    locks.on("failed", ({ error }) => events.push(String(error)));
    locks.on("retrying", ({ attempt }) => attempt === 3 && stop.abort(reason));
    const wait = Number.POSITIVE_INFINITY;
    const error = await rejection(locks.acquire("taken", { signal: stop.signal, wait, retry: { delay: 5 } }));
    expect(error).toBe(reason);
    expect(events).toEqual(["Error: we are shutting down"]);
    await onlyForeignLeft(prefix);
  });

  it("that is already aborted sends no request", async () => {
    const plain = clients.plain(servers[0]!.port);
    const locks = locksOf([plain]);
    const error = await rejection(locks.acquire("a", { signal: AbortSignal.abort("too late") }));
    expect(error).toBe("too late");
    expect(plain.calls).toEqual([]);
  });

  it("ends an acquisition at once whose round is in flight on hung servers", async () => {
    const own = await ownServers(3);
    const locks = locksOf(
      own.map(({ port }) => clients.ioredis(port)),
      { ttl: 60_000, nodeTimeout: 10_000, prefix: "lock:" },
    );
    await locks.using("a", () => {});
    await Promise.all(own.map((server) => server.suspend()));
    const stop = new AbortController();
    const attempt = locks.acquire("a", { signal: stop.signal });
    await new Promise(setImmediate);
    stop.abort("enough");
    const { value, ms } = await timed(() => rejection(attempt));
    expect(value).toBe("enough");
    // The node timeout is 10 s.
    expect(ms).toBeLessThan(5_000);
    for (const server of own) server.resume();
    await waitUntil("every node has answered all that was sent", 10_000, async () => {
      return (await locks.inspect("a")).nodes.every(({ state }) => state === "free");
    });
    expect(await countKeys(own, "lock:")).toBe(0);
  });

  it("reaches the job through the lease, and an aborted job still releases", async () => {
    const { locks, prefix } = await contended();
    const stop = new AbortController();
    const result = locks.using("free", { signal: stop.signal }, async (lease) => {
      const lost = aborted(lease.signal);
      stop.abort("stop the job");
      await lost;
      return lease.signal.reason;
    });
    expect(await result).toBe("stop the job");
    await onlyForeignLeft(prefix);
  });
});

describe("wait", () => {
  it("bounds the whole acquisition, whatever retry would allow", async () => {
    const { locks, prefix } = await contended();
    const { value: error, ms } = await timed(() =>
      rejection(locks.acquire("taken", { wait: 300, retry: { count: 1e9, delay: 1 } })),
    );
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", wait: 300, cause: { code: "LOCK_CONTENDED" } });
    expect(ms).toBeGreaterThan(295);
    // The retries would continue for days.
    expect(ms).toBeLessThan(10_000);
    await onlyForeignLeft(prefix);
  });

  it("bounds a round on hung servers as well", async () => {
    const own = await ownServers(3);
    const locks = locksOf(
      own.map(({ port }) => clients.nodeRedis(port)),
      { nodeTimeout: 8_000, ttl: 60_000 },
    );
    await locks.using("a", () => {});
    await Promise.all(own.map((server) => server.suspend()));
    const { value: error, ms } = await timed(() => rejection(locks.acquire("a", { wait: 200 })));
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", cause: { code: "QUORUM_UNAVAILABLE" } });
    // The node timeout is far away, so the error reports the state of each node when the wait ended.
    for (const { port } of own)
      expect(error.message).toMatch(new RegExp(`:${port}: no answer within \\d+ ms`));
    expect(ms).toBeLessThan(4_000);
  });

  it("of Infinity waits until the lock is free", async () => {
    const { locks, prefix } = await contended();
    const acquiring = locks.acquire("taken", {
      wait: Number.POSITIVE_INFINITY,
      retry: { delay: 5, maxDelay: 20 },
    });
    let attempts = 0;
    locks.on("retrying", () => {
      attempts += 1;
    });
    await waitUntil("it was refused some times", 5_000, () => attempts >= 3);
    await Promise.all(servers.map(({ port }) => clients.ioredis(port).del(`${prefix}taken`)));
    expect(await (await acquiring).release()).toBe("released");
  });
});

describe("tryAcquire", () => {
  it("returns null after one attempt when another client holds the lock", async () => {
    const { locks, prefix } = await contended();
    const retrying = vi.fn();
    locks.on("retrying", retrying);
    expect(await locks.tryAcquire("taken", { retry: { count: 5 } })).toBeNull();
    expect(retrying).not.toHaveBeenCalled();
    await onlyForeignLeft(prefix);
  });

  it("throws where too few nodes answer, which is not contention", async () => {
    const own = await ownServers(3);
    const locks = locksOf(
      own.map(({ url }) => url),
      { nodeTimeout: 200 },
    );
    await (await locks.tryAcquire("a"))?.release();
    await Promise.all([own[0]!.kill(), own[2]!.kill()]);
    expect((await rejection(locks.tryAcquire("a"))).code).toBe("QUORUM_UNAVAILABLE");
  });
});

describe("a retry function", () => {
  it("receives the attempt and the reason, and ends the acquisition with false", async () => {
    const { locks } = await contended();
    const retry = vi.fn((attempt: number) => (attempt < 3 ? 0 : false));
    const error = await rejection(locks.acquire("taken", { retry }));
    expect(error).toMatchObject({ code: "LOCK_CONTENDED", attempts: 3 });
    expect(retry.mock.calls).toEqual([
      [1, "contended"],
      [2, "contended"],
      [3, "contended"],
    ]);
  });

  it("receives the reason of a missing quorum", async () => {
    const own = await ownServers(3);
    const locks = locksOf(
      own.map(({ port }) => clients.ioredis(port)),
      { nodeTimeout: 200 },
    );
    await locks.using("a", () => {});
    await Promise.all(own.map((server) => server.kill()));
    const retry = vi.fn((attempt: number) => (attempt < 2 ? 0 : false));
    expect((await rejection(locks.acquire("a", { retry }))).code).toBe("QUORUM_UNAVAILABLE");
    expect(retry.mock.calls).toEqual([
      [1, "noQuorum"],
      [2, "noQuorum"],
    ]);
  });

  it("is not called when no attempt can succeed: a TTL no longer than the drift", async () => {
    const { locks, prefix } = await contended();
    const retry = vi.fn(() => 0);
    const error = await rejection(locks.acquire("free", { ttl: 3, retry }));
    expect(error.code).toBe("QUORUM_UNAVAILABLE");
    expect(error.message).toContain("no validity was left of the ttl");
    expect(retry).not.toHaveBeenCalled();
    await onlyForeignLeft(prefix);
  });

  it("that throws ends the acquisition with the thrown error, and nothing is left", async () => {
    const { locks, prefix } = await contended();
    const mine = new TypeError("my mistake");
    const retry = () => {
      throw mine;
    };
    expect(await rejection(locks.acquire("taken", { retry }))).toBe(mine);
    await onlyForeignLeft(prefix);
    expect(await locks.using("free", () => "still works")).toBe("still works");
  });

  const garbage: readonly unknown[] = [Number.NaN, -1, "soon", undefined, null, true];
  it.each(garbage)("that returns %s is rejected by name", async (answer) => {
    const { locks, prefix } = await contended();
    const retry = () => answer as number;
    const error = await rejection(locks.acquire("taken", { retry }));
    expect(error).toMatchObject({ code: "INVALID_OPTION", option: "retry" });
    expect(error.message).toContain("a function that returns ms, at least 0 and finite, or false");
    await onlyForeignLeft(prefix);
  });
});
