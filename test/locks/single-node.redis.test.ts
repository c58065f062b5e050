import { describe, expect, it, onTestFinished } from "vitest";
import type { LocksOptions } from "../../src/index.js";
import { Link } from "../faults/proxy.js";
import { startServer, waitUntil } from "../support/servers.js";
import { stopAll } from "../support/start-all.js";
import { locksOf, ownServers, rejection } from "./support.js";

/** Every write is on disk before its reply. */
const durable = ["--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "no"];
/** ms. A lease may be valid for this long after the node forgot it. */
const ttl = 3_000;
/** ms: much longer than the ttl. */
const wait = 20_000;

/** Two processes that use the same single node. */
function twoProcesses(node: string, options: Omit<LocksOptions, "nodes"> = {}) {
  const common = { ttl, nodeTimeout: 1_000, ...options };
  return {
    holder: locksOf([node], { ...common, owner: "holder" }),
    other: locksOf([node], { ...common, owner: "other" }),
  };
}

async function singleServer(args: readonly string[] = []) {
  const [server] = await ownServers(1, { args });
  if (server === undefined) throw new Error("no server was started");
  return server;
}

/** The process warnings until the end of the test, each with its code. */
function warnings(): string[] {
  const texts: string[] = [];
  const note = (warning: Error & { code?: string }) => texts.push(`${warning.code}: ${warning.message}`);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  return texts;
}

it("a single node that is down: nothing is granted, and a lease stays valid until its deadline", async () => {
  const server = await singleServer();
  const { holder, other } = twoProcesses(server.url);
  let lost: string | undefined;
  const lease = await holder.acquire("a", {
    onLost: ({ reason }) => {
      lost = reason;
    },
  });
  expect(await other.tryAcquire("a")).toBeNull();
  await server.kill();
  const error = await rejection(other.acquire("b", { wait: 300 }));
  expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", cause: { code: "QUORUM_UNAVAILABLE" } });
  await waitUntil("the lease is lost", wait, () => lost !== undefined);
  expect(lost).toBe("deadline");
  expect(lease.remaining()).toBe(0);
});

it("a new single node grants at once, without a warning, or after the quarantine where a time is given", async () => {
  const warned = warnings();
  const [first, second] = [await startServer(), await startServer()];
  onTestFinished(() => stopAll([first, second]));
  await (await twoProcesses(first.url).holder.acquire("a", { wait: 0 })).release();
  const { holder } = twoProcesses(second.url, { quarantine: ttl });
  const asked = performance.now();
  await (await holder.acquire("a", { wait })).release();
  expect(performance.now() - asked).toBeGreaterThanOrEqual(ttl);
  await holder.close();
  expect(warned).toEqual([]);
});

describe("a single node that is restarted empty while a lease is held", () => {
  it("grants the lock again at once, with a warning, and the holder finds the loss", async () => {
    const server = await singleServer();
    const { holder, other } = twoProcesses(server.url, { ttl: 30_000 });
    const warned = warnings();
    const lease = await holder.acquire("a", { renew: false });
    await (await other.acquire("warm")).release();
    await server.restart();
    const second = await other.acquire("a", { wait });
    expect(second.remaining()).toBeGreaterThan(0);
    await waitUntil("the warning", 10_000, () =>
      warned.some((text) => /^COLD_START: redis:\S+ has lost its memory: .* It is the only node/.test(text)),
    );
    expect(await rejection(lease.renew())).toMatchObject({
      code: "LEASE_EXPIRED",
      reason: expect.stringMatching(/^(taken|missing)$/),
    });
  });

  it("grants the lock only after the quarantine, when the holder has noticed the loss", async () => {
    const server = await singleServer();
    const { holder, other } = twoProcesses(server.url, { quarantine: ttl });
    let lost: string | undefined;
    const lease = await holder.acquire("a", {
      onLost: ({ reason }) => {
        lost = reason;
      },
    });
    const restarted = performance.now();
    await server.restart();
    const second = await other.acquire("a", { wait });
    expect(performance.now() - restarted).toBeGreaterThanOrEqual(ttl);
    expect(lease.remaining()).toBe(0);
    expect(lost).toBe("deadline");
    await second.release();
  });
});

describe("a single node that writes every change to disk first", () => {
  it.each([false, "auto"] as const)(
    "keeps the lease across a restart, and renews it: quarantine %s",
    async (quarantine) => {
      const server = await singleServer(durable);
      const { holder, other } = twoProcesses(server.url, { quarantine, ttl: 30_000 });
      const lease = await holder.acquire("a");
      await server.restart();
      await waitUntil("the lease is renewed", wait, () =>
        lease.renew().then(
          () => true,
          () => false,
        ),
      );
      expect(await other.tryAcquire("a")).toBeNull();
      expect(await lease.release()).toBe("released");
      await (await other.acquire("a", { wait })).release();
    },
  );

  it("renews nothing during a quarantine, so that a lease is lost although its key is on disk", async () => {
    const server = await singleServer(durable);
    const { holder } = twoProcesses(server.url, { quarantine: 60_000 });
    let lost: string | undefined;
    const lease = await holder.acquire("a", {
      onLost: ({ reason }) => {
        lost = reason;
      },
    });
    await server.restart();
    expect(await server.call("GET", "a")).not.toBeNull();
    await waitUntil("the lease is lost", wait, () => lost === "deadline");
    expect(lease.remaining()).toBe(0);
    const error = await rejection(holder.acquire("b", { wait: 100 }));
    expect(error.message).toMatch(/it is new, or lost its memory; it votes again in/);
  });
});

it("a holder whose key was flushed finds the loss with its next renewal", async () => {
  const server = await singleServer();
  const { holder } = twoProcesses(server.url, { ttl: 30_000 });
  const lease = await holder.acquire("a", { renew: false });
  await server.call("FLUSHALL");
  await waitUntil("the lease is over", wait, async () => {
    const error = await rejection(lease.renew());
    return error.code === "LEASE_EXPIRED" && error.reason === "missing";
  });
});

it("FLUSHALL: the lock is granted again at once, and its fence is higher where the clocks agree", async () => {
  const server = await singleServer();
  const { holder, other } = twoProcesses(server.url, { ttl: 30_000 });
  const first = await holder.acquire("a", { fence: true, renew: false });
  await server.call("FLUSHALL");
  const second = await other.acquire("a", { fence: true, wait });
  expect(first.remaining()).toBeGreaterThan(0);
  expect(second.fence).toBeGreaterThan(first.fence);
});

describe("a failover to a replica behind one address", () => {
  /** `replication`: the way from the master to its replica. `failOver` makes the replica the master, and ends the master. */
  async function replicated() {
    const [master, replica] = await ownServers(2, { args: ["--repl-diskless-sync-delay", "0"] });
    if (master === undefined || replica === undefined) throw new Error("too few servers were started");
    const [address, replication] = [await Link.to(master.port), await Link.to(master.port)];
    onTestFinished(async () => {
      await Promise.all([address.close(), replication.close()]);
    });
    await replica.call("REPLICAOF", "127.0.0.1", replication.port);
    await waitUntil("the replica follows", wait, async () =>
      String(await replica.call("INFO", "replication")).includes("master_link_status:up"),
    );
    const failOver = async () => {
      await master.kill();
      replication.cut();
      await replica.call("REPLICAOF", "NO", "ONE");
      address.target = replica.port;
      address.cut();
    };
    return { url: `redis://127.0.0.1:${address.port}`, replica, replication, failOver };
  }

  it("grants at once what had not reached the replica", async () => {
    const { url, replica, replication, failOver } = await replicated();
    const { holder, other } = twoProcesses(url, { ttl: 30_000 });
    await (await other.acquire("warm")).release();
    replication.hold("both");
    await holder.acquire("a", { renew: false });
    await failOver();
    expect(await replica.call("GET", "a")).toBeNull();
    const second = await other.acquire("a", { wait });
    expect(second.remaining()).toBeGreaterThan(0);
  });

  it("grants it only after the quarantine", async () => {
    const { url, replication, failOver } = await replicated();
    const { holder, other } = twoProcesses(url, { quarantine: ttl });
    await (await other.acquire("warm")).release();
    replication.hold("both");
    const lease = await holder.acquire("a", { renew: false });
    const failed = performance.now();
    await failOver();
    await (await other.acquire("a", { wait })).release();
    expect(performance.now() - failed).toBeGreaterThanOrEqual(ttl);
    expect(lease.remaining()).toBe(0);
  });

  it("keeps a lease that has reached the replica: its holder renews it", async () => {
    const { url, replica, failOver } = await replicated();
    const { holder, other } = twoProcesses(url, { ttl: 30_000 });
    const lease = await holder.acquire("a", { fence: true });
    await waitUntil("the key has arrived", wait, async () => (await replica.call("GET", "a")) !== null);
    await failOver();
    await waitUntil("the lease is renewed", wait, () =>
      lease.renew().then(
        () => true,
        () => false,
      ),
    );
    expect(await other.tryAcquire("a")).toBeNull();
    await lease.release();
    const second = await other.acquire("a", { fence: true, wait });
    expect(second.fence).toBeGreaterThan(lease.fence);
  });
});

describe("warnings of a single node", () => {
  /** May lock, but may use none of Holdfast's own keys. */
  const withoutSideKeys = async () => {
    const server = await singleServer();
    await server.call("ACL", "SETUSER", "app", "on", ">secret", "~job", "+@all", "-info");
    return server.url.replace("//", "//app:secret@");
  };

  it("none says that it may be the same server as another node", async () => {
    const warned = warnings();
    const { holder } = twoProcesses(await withoutSideKeys());
    await (await holder.acquire("job")).release();
    await holder.close();
    expect(warned).toEqual([]);
  });

  it("one says that the quarantine asked for cannot begin", async () => {
    const warned = warnings();
    const { holder } = twoProcesses(await withoutSideKeys(), { quarantine: ttl });
    await (await holder.acquire("job")).release();
    await waitUntil("the warning", 10_000, () => warned.length > 0);
    expect(warned).toEqual([expect.stringMatching(/^UNWATCHED_NODE: /)]);
  });
});
