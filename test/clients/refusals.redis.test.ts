import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { newProcess, queuedAcquire, queuedRelease } from "../contract/queue-contract.js";
import {
  acquire,
  granted,
  heldBy,
  missing,
  one,
  release,
  run,
  runIdOf,
  tokenOf,
  uniqueKey,
} from "../contract/subject.js";
import { callRedis, type RedisServer, startServer, waitUntil } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

/** Servers of one test, which may damage them. */
let servers: RedisServer[] = [];
async function start(...args: string[]): Promise<RedisServer> {
  const server = await startServer({ args });
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

const refusal = (message: RegExp) => ({
  kind: "failed",
  reason: "refused",
  message: expect.stringMatching(message),
});

/** A refusal that does not end by itself. */
const forbidden = { ...refusal(/^NOPERM/), lasting: true };

/** Runs a check with a node over every library, one after the other. */
async function withEvery(
  server: { readonly port: number },
  check: (node: LockNode) => Promise<void>,
  user?: { name: string; password: string },
): Promise<void> {
  for (const [, open] of everyClient(() => server.port, user)) await withNode(open, check);
}

const take = () => acquire(uniqueKey(), tokenOf("me"));

describe("a vote fails, and shows why, when the server", () => {
  test("is a replica (READONLY)", async () => {
    const master = await start("--repl-diskless-sync-delay", "0");
    const replica = await start("--replicaof", `127.0.0.1 ${master.port}`);
    await waitUntil("the replica follows", 15_000, async () =>
      String(await replica.call("INFO", "replication")).includes("master_link_status:up"),
    );
    await withEvery(replica, async (node) => {
      expect(await one(node, take())).toEqual(refusal(/^READONLY/));
    });
  });

  test("is a replica that lost its master (MASTERDOWN)", async () => {
    const replica = await start("--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no");
    await withEvery(replica, async (node) => {
      expect(await one(node, take())).toEqual(refusal(/^MASTERDOWN/));
    });
  });

  test("is out of memory (OOM), and still takes releases", async () => {
    const server = await start();
    await withEvery(server, async (node) => {
      const [key, token] = [uniqueKey(), tokenOf("me")];
      await server.call("CONFIG", "SET", "maxmemory", 0);
      expect(await one(node, acquire(key, token))).toEqual(granted);
      await server.call("CONFIG", "SET", "maxmemory", 1);
      expect(await one(node, take())).toEqual(refusal(/^OOM/));
      expect(await one(node, release(key, token))).toEqual(granted);
    });
  });

  test("cannot save (MISCONF)", async () => {
    const server = await start("--save", "3600 1", "--enable-protected-configs", "yes");
    await server.call("SET", "something", "to save");
    const folder = await mkdtemp(join(tmpdir(), "holdfast-gone-"));
    await server.call("CONFIG", "SET", "dir", folder);
    await rm(folder, { recursive: true });
    await server.call("BGSAVE").catch(() => undefined);
    await waitUntil("the save failed", 10_000, async () =>
      String(await server.call("INFO", "persistence")).includes("rdb_last_bgsave_status:err"),
    );
    await withEvery(server, async (node) => {
      expect(await one(node, take())).toEqual(refusal(/^MISCONF/));
    });
  });

  test("has too few replicas (NOREPLICAS)", async () => {
    const server = await start("--min-replicas-to-write", "1");
    await withEvery(server, async (node) => {
      expect(await one(node, take())).toEqual(refusal(/^NOREPLICAS/));
    });
  });

  test("is busy with another client's endless script (BUSY)", async () => {
    const server = await start("--busy-reply-threshold", "1", "--lua-time-limit", "1");
    for (const [, open] of everyClient(() => server.port)) {
      await withNode(open, async (node) => {
        const endless = callRedis(server.port, ["EVAL", "while true do end", 0]).catch(() => undefined);
        await waitUntil("the server is busy", 5_000, async () => {
          const reply = await one(node, { op: "inspect", keys: [uniqueKey()] });
          return reply.kind === "failed";
        });
        expect(await one(node, take())).toEqual(refusal(/^BUSY/));
        await server.call("SCRIPT", "KILL");
        await endless;
      });
    }
  });

  test("requires a password (NOAUTH)", async () => {
    const server = await startServer({ password: "s3cret" });
    servers.push(server);
    for (const [, open] of everyClient(() => server.port)) {
      const { node, end } = await open();
      node.watch(() => {});
      // Some clients notice while they connect, and are never ready; others notice with each command.
      node.connect();
      await waitUntil("the node says so", 10_000, async () => {
        const reply = await one(node, take());
        return reply.kind === "failed" && /NOAUTH|unauthenticated/.test(reply.message);
      });
      await end();
    }
  });

  test("is a Cluster node without slots (CLUSTERDOWN)", async () => {
    const server = await start("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf");
    await withEvery(server, async (node) => {
      expect(await one(node, take())).toEqual(refusal(/^CLUSTERDOWN/));
    });
  });

  test("is one node of a Cluster behind a client without Cluster support (CROSSSLOT, MOVED)", async () => {
    const server = await start("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf");
    await server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
    await waitUntil("the Cluster is whole", 15_000, async () =>
      String(await server.call("CLUSTER", "INFO")).includes("cluster_state:ok"),
    );
    await withEvery(server, async (node) => {
      const [mine, apart] = [uniqueKey(), [uniqueKey(), uniqueKey()]];
      // The batch is refused as a whole, and its commands are sent again one by one.
      const replies = await run(node, acquire(mine, tokenOf("me")), acquire(apart, tokenOf("me")), take());
      expect(replies).toEqual([granted, refusal(/^CROSSSLOT/), granted]);
    });
  });
});

describe("an access list", () => {
  const user = { name: "worker", password: "s3cret" };

  test("that allows some keys only refuses the commands for others, and grants the rest of the batch (NOPERM)", async () => {
    const server = await start();
    await server.call(
      "ACL",
      "SETUSER",
      user.name,
      "on",
      `>${user.password}`,
      "+@all",
      "~contract:*",
      "~holdfast:*",
    );
    await withEvery(
      server,
      async (node) => {
        const allowed = [uniqueKey(), uniqueKey()] as const;
        const replies = await run(
          node,
          acquire(allowed[0], tokenOf("me")),
          acquire("elsewhere", tokenOf("me")),
          acquire(allowed[1], tokenOf("me")),
          { op: "inspect", keys: [allowed[0]] },
        );
        expect(replies).toEqual([
          granted,
          forbidden,
          granted,
          { kind: "report", keys: [{ key: allowed[0], holder: expect.objectContaining({ owner: "me" }) }] },
        ]);
        expect(JSON.stringify(replies)).not.toContain(user.password);
        expect(String(await server.call("INFO", "server"))).toContain(await runIdOf(node));
      },
      user,
    );
  });

  describe("that denies the queues", () => {
    const permitted = async (...rules: string[]) => {
      const server = await start();
      await server.call("ACL", "SETUSER", user.name, "on", `>${user.password}`, ...rules);
      return server;
    };

    /** Acquires, is denied and releases a lock, with and without a fence, as if there were no queues. */
    const worksPlainly = async (node: LockNode) => {
      const [key, token, { place }] = [uniqueKey(), tokenOf("holder"), newProcess()];
      const denied = heldBy("holder", key);
      const steps: [LockCommand, unknown][] = [
        [queuedAcquire(key, null, { token }), granted],
        [queuedAcquire(key, place("a", 1)), denied],
        [queuedAcquire(key, place("b", 2), { barge: true }), denied],
        [queuedAcquire(key, null, { fence: 1 }), denied],
        [queuedRelease(key, tokenOf("me"), place("a", 1).id, false), denied],
        [queuedRelease(key, tokenOf("me"), place("a", 1).id, true), denied],
        [queuedRelease(key, token, null, true), granted],
        [queuedRelease(key, token, place("a", 1).id, true), missing],
        [queuedRelease(key, token, place("a", 1).id, false), missing],
        [queuedAcquire(key, place("b", 2), { token }), granted],
        [
          { op: "inspect", keys: [key] },
          { kind: "report", keys: [expect.objectContaining({ key })] },
        ],
        [queuedRelease(key, token, null, false), granted],
      ];
      const batch = await run(node, ...steps.map(([command]) => command));
      expect(batch).toEqual(steps.map(([, reply]) => reply));
      for (const [command, reply] of steps) expect(await one(node, command)).toEqual(reply);
    };

    test.each<[string, string[]]>([
      ["their keys", ["+@all", "~contract:*", "~holdfast:fence:*", "~holdfast:watermark"]],
      ["sorted sets", ["+@all", "-@sortedset", "~*", "&*"]],
      [
        "any command that a plain lock can do without",
        [
          "+evalsha",
          "+eval",
          "+set",
          "+get",
          "+del",
          "+pttl",
          "+pexpire",
          "+type",
          "+info",
          "+hello",
          "+ping",
          "+client",
          "~*",
        ],
      ],
    ])("%s costs no vote", async (_, rules) => {
      const server = await permitted(...rules);
      await withEvery(server, worksPlainly, user);
    });

    test("reading many keys at once (MGET) still renews the leases whose keys hold their tokens", async () => {
      const server = await permitted("+@all", "-mget", "~*", "&*");
      await withEvery(
        server,
        async (node) => {
          const keys = [uniqueKey(), uniqueKey(), uniqueKey()];
          const tokens = keys.map(() => tokenOf("holder"));
          const [first = "", , third = ""] = keys;
          await run(node, acquire(first, tokens[0] ?? ""), acquire(third, tokens[2] ?? ""));
          if (node.renewsEach !== true) return;
          const reply = await one(node, { op: "renewEach", keys, tokens, ttl: 60_000 });
          expect(reply).toEqual({ kind: "partly", others: [1] });
        },
        user,
      );
    });

    test("notifying the first waiter (PUBLISH) still keeps the order", async () => {
      const server = await permitted("+@all", "~*", "resetchannels");
      await withEvery(
        server,
        async (node) => {
          const [key, token, { place }] = [uniqueKey(), tokenOf("holder"), newProcess()];
          const replies = await run(
            node,
            queuedAcquire(key, null, { token }),
            queuedAcquire(key, place("a", 1)),
            queuedAcquire(key, place("b", 2)),
            queuedRelease(key, token, null, true),
            queuedAcquire(key, place("b", 2)),
            queuedAcquire(key, place("a", 1)),
          );
          const denied = heldBy("holder", key);
          expect(replies).toEqual([granted, denied, denied, granted, missing, granted]);
        },
        user,
      );
    });
  });

  test("that forbids scripts refuses every command", async () => {
    const server = await start();
    await server.call("ACL", "SETUSER", user.name, "on", `>${user.password}`, "+@all", "-@scripting", "~*");
    await withEvery(
      server,
      async (node) => {
        expect(await run(node, take(), take())).toEqual([forbidden, forbidden]);
      },
      user,
    );
  });

  test("that forbids INFO hides the identity, and nothing else", async () => {
    const server = await start();
    await server.call("ACL", "SETUSER", user.name, "on", `>${user.password}`, "+@all", "-info", "~*");
    await withEvery(
      server,
      async (node) => {
        expect(await runIdOf(node)).toBeNull();
        expect(await one(node, take())).toEqual(granted);
      },
      user,
    );
  });

  test("that forbids INFO is opened by an address without a word on the console", async () => {
    const server = await start();
    await server.call("ACL", "SETUSER", user.name, "on", `>${user.password}`, "+@all", "-info", "~*");
    const said = vi.spyOn(console, "warn");
    const address = `redis://${user.name}:${user.password}@127.0.0.1:${server.port}`;
    await withNode(
      () => ({ node: recogniseNode(address, 0), end: () => {} }),
      async (node) => expect(await one(node, take())).toEqual(granted),
    );
    expect(said.mock.calls).toEqual([]);
    said.mockRestore();
  });
});
