import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { acquire, granted, identificationOf, tokenOf } from "../contract/subject.js";
import { execute } from "../engine/batches.js";
import { type RedisServer, startSentinel, startServer, waitUntil } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

/** Without this option a replica waits 5 s for other replicas. */
const args = ["--repl-diskless-sync-delay", "0"];
const pollOptions = 15_000;

let servers: RedisServer[];
let server: RedisServer;
const another = async (...more: string[]) => {
  const started = await startServer({ args: [...args, ...more] });
  servers.push(started);
  return started;
};
beforeEach(async () => {
  servers = [];
  server = await another();
});
afterEach(() => Promise.all(servers.map((started) => started.stop())));

const forgetful = { kind: "failed", reason: "quarantined" } as const;
const me = tokenOf("me");

/** Reads the server's INFO replication. */
async function replication(of: RedisServer): Promise<(field: string) => string> {
  const info = String(await of.call("INFO", "replication"));
  return (field) => new RegExp(`^${field}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
}

const replid = async (of: RedisServer) => (await replication(of))("master_replid");

async function follow(replica: RedisServer, master: RedisServer): Promise<void> {
  await replica.call("REPLICAOF", "127.0.0.1", master.port);
  await waitUntil("the replica follows", pollOptions, async () => {
    return (await replication(replica))("master_link_status") === "up";
  });
}

const lead = (replica: RedisServer) => replica.call("REPLICAOF", "NO", "ONE");

async function remember(node: LockNode): Promise<string> {
  const marker = (await identificationOf(node)).memory?.marker ?? "";
  const change = { marker, abstention: null, longest: 0, watermark: 0 };
  return (await node.identify("an-id", change)).memory?.mark ?? "";
}

const take = async (node: LockNode, mark: string, key: string, ttl = 60_000) =>
  (await execute(node, [{ command: acquire(key, me, ttl), wanted: () => true }], mark))[0];

const [[, open] = []] = everyClient(() => server.port);
const withServer = (run: (node: LockNode) => Promise<void>) => {
  if (open === undefined) throw new Error("there is no client");
  return withNode(open, run);
};

/** A copy of the server's data. The copy is a master from then on, and misses later grants. */
async function copied(): Promise<RedisServer> {
  const copy = await another();
  await follow(copy, server);
  await lead(copy);
  return copy;
}

describe("a server that was a replica and is a master again lost its memory", () => {
  const isLost = async (node: LockNode, mark: string) => {
    expect(await take(node, mark, "b")).toMatchObject(forgetful);
    expect(await server.call("EXISTS", "b")).toBe(0);
    expect((await identificationOf(node)).memory).toMatchObject({ state: "lost" });
  };

  test("after a full copy of old data that contains its marker", async () => {
    await withServer(async (node) => {
      const mark = await remember(node);
      const copy = await copied();
      expect(await take(node, mark, "a")).toEqual(granted);
      await follow(server, copy);
      await lead(server);
      expect(await server.call("EXISTS", "a")).toBe(0);
      expect(await server.call("GET", "holdfast:memory")).toContain(`${mark} `);
      await isLost(node, mark);
    });
  });

  test("also after a partial resynchronisation", async () => {
    await withServer(async (node) => {
      const mark = await remember(node);
      const copy = await copied();
      await follow(server, copy);
      expect(String(await copy.call("INFO", "stats"))).toContain("sync_partial_ok:1");
      await lead(server);
      await isLost(node, mark);
    });
  });

  test("also when it has no record of having been a replica", async () => {
    await withServer(async (node) => {
      const mark = await remember(node);
      const copy = await copied();
      expect(await take(node, mark, "a")).toEqual(granted);
      await follow(server, copy);
      await lead(server);
      await server.call("CONFIG", "SET", "repl-backlog-ttl", 1);
      await waitUntil("it gave up its backlog", pollOptions, async () =>
        /^0*$/.test((await replication(server))("master_replid2")),
      );
      await isLost(node, mark);
    });
  });

  test("and ignores a late decision about an earlier loss", async () => {
    await withServer(async (node) => {
      const seen = (await identificationOf(node)).memory?.marker ?? "";
      const copy = await copied();
      await follow(server, copy);
      await lead(server);
      expect(await server.call("GET", "holdfast:memory")).toBe(seen);
      const change = { marker: seen, abstention: null, longest: 0, watermark: 0 };
      expect((await node.identify("late", change)).memory).toMatchObject({ state: "lost" });
    });
  });

  test("after a failover of its Sentinel set, there and back", async () => {
    // Long enough that only requested failovers happen, even on a busy machine.
    const set = await startSentinel({ downAfterMs: 5_000 });
    servers.push(set.master, set.replica, ...set.sentinels);
    server = set.master;
    const failover = async (to: RedisServer) => {
      // Sentinels refuse a failover until the previous one has finished.
      await waitUntil("a failover begins", 60_000, async () => {
        const asked = set.sentinels[0]?.call("SENTINEL", "FAILOVER", set.name);
        return (await asked?.catch(() => "")) === "OK";
      });
      await waitUntil("it is through", pollOptions, async () => {
        return (await replication(to))("role") === "master";
      });
    };
    let mark = "";
    await withServer(async (node) => {
      mark = await remember(node);
      expect(await take(node, mark, "a")).toEqual(granted);
    });
    await failover(set.replica);
    await waitUntil("the old master follows", pollOptions, async () => {
      return (await replication(server))("master_link_status") === "up";
    });
    await failover(server);
    await withServer((node) => isLost(node, mark));
  }, 120_000);
});

describe("a server that is a replica", () => {
  test("grants nothing, even if it accepts writes", async () => {
    await withServer(async (node) => {
      const mark = await remember(node);
      const copy = await copied();
      await server.call("CONFIG", "SET", "replica-read-only", "no");
      await follow(server, copy);
      expect(await take(node, mark, "a")).toMatchObject({
        kind: "failed",
        message: expect.stringContaining("READONLY"),
      });
      expect(await server.call("EXISTS", "a")).toBe(0);
    });
  });
});

describe("a server that remains a master keeps voting", () => {
  /** Checks that the replication id changes and that no call fails. */
  const keepsVoting = async (change: () => Promise<unknown>) => {
    await withServer(async (node) => {
      const mark = await remember(node);
      expect(await take(node, mark, "a")).toEqual(granted);
      const before = await replid(server);
      await change();
      await waitUntil(
        "its replication id has changed",
        pollOptions,
        async () => (await replid(server)) !== before,
      );
      expect(await take(node, mark, "b", 5_000)).toEqual(granted);
      expect((await identificationOf(node)).memory).toMatchObject({ state: "kept", mark, longest: 60_000 });
      expect(await server.call("GET", "holdfast:memory")).toContain(await replid(server));
    });
  };

  test("when its first replica connects", async () => {
    await keepsVoting(async () => follow(await another(), server));
  });

  test("when it is backed up over the network", async () => {
    await keepsVoting(backUp);
  });

  test("when it frees its backlog", async () => {
    await backUp();
    await keepsVoting(() => server.call("CONFIG", "SET", "repl-backlog-ttl", 1));
  });

  test("after a needless REPLICAOF NO ONE, followed by all of these", async () => {
    await lead(server);
    await keepsVoting(backUp);
  });

  test("when it is identified afterwards, first without storing an id", async () => {
    await withServer(async (node) => {
      const mark = await remember(node);
      await backUp();
      expect((await node.identify("", null)).memory).toMatchObject({ state: "kept", mark });
      expect((await identificationOf(node)).memory).toMatchObject({ state: "kept", mark });
      expect(await take(node, mark, "a")).toEqual(granted);
    });
  });
});

test("a decision is accepted after the replication id has changed", async () => {
  await withServer(async (node) => {
    const marker = (await identificationOf(node)).memory?.marker ?? "";
    await backUp();
    const change = { marker, abstention: null, longest: 0, watermark: 0 };
    expect((await node.identify("an-id", change)).memory).toMatchObject({ state: "kept" });
  });
});

test("a restarted server has a new identity, although every write was on its disk", async () => {
  server = await another("--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", "no");
  let mark = "";
  await withServer(async (node) => {
    mark = await remember(node);
    expect(await take(node, mark, "a")).toEqual(granted);
  });
  await server.restart();
  await withServer(async (node) => {
    expect(await server.call("GET", "holdfast:memory")).toContain(`${mark} `);
    expect(await take(node, mark, "b")).toMatchObject(forgetful);
    expect((await identificationOf(node)).memory).toMatchObject({ state: "lost" });
  });
});

test("a malformed marker counts as missing", async () => {
  await withServer(async (node) => {
    const mark = await remember(node);
    await server.call("SET", "holdfast:memory", `${mark} much`);
    expect(await take(node, mark, "a")).toMatchObject(forgetful);
    expect((await identificationOf(node)).memory).toMatchObject({ state: "lost" });
  });
});

describe("a server whose databases were swapped", () => {
  test("lost its memory, unless they were swapped back", async () => {
    await withServer(async (node) => {
      const mark = await remember(node);
      await server.call("SWAPDB", 0, 1);
      expect(await take(node, mark, "a")).toMatchObject(forgetful);
      expect((await node.identify("", null)).memory).toMatchObject({ state: "lost" });
      await server.call("SWAPDB", 0, 1);
      // Not guaranteed, and documented as such.
      expect(await take(node, mark, "a")).toEqual(granted);
    });
  });
});

/** Like `redis-cli --rdb`: a replica that copies the data and disconnects. */
function backUp(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write("SYNC\r\n"));
    let taken = "";
    socket.on("error", reject);
    socket.on("data", (data) => {
      taken += data.toString("latin1");
      if (!taken.includes("REDIS0")) return;
      socket.destroy();
      resolve();
    });
  });
}
