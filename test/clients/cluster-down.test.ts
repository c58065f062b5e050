import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { type IoredisCluster, IoredisClusterScriptClient } from "../../src/clients/ioredis/cluster.js";
import { NodeRedisClusterScriptClient } from "../../src/clients/node-redis/cluster.js";
import type { NodeRedisCluster } from "../../src/clients/node-redis/library.js";
import { wrongServer } from "../../src/clients/replacement.js";

/** A connection to a master that counts the calls of its methods. */
class Master extends EventEmitter {
  status = "ready";
  isOpen = true;
  isReady = true;
  options = { host: "10.0.0.1", port: 6379 };
  touched = 0;

  sendCommand(): Promise<unknown> {
    this.touched++;
    return new Promise(() => {});
  }
  disconnect(): void {
    this.touched++;
  }
  createBuiltinCommand() {
    return { string: () => this.sendCommand() };
  }
}

const slots = new Array(16_384).fill(["10.0.0.1:6379"]);

test("a Cluster that is down keeps its connections and refreshes its slots: ioredis", async () => {
  const master = new Master();
  let refreshes = 0;
  const cluster = Object.assign(new EventEmitter(), {
    isCluster: true,
    status: "ready",
    slots,
    startupNodes: [],
    options: {},
    nodes: () => [master],
    refreshSlotsCache: (done: () => void) => {
      refreshes++;
      done();
    },
  }) as unknown as IoredisCluster;
  const client = new IoredisClusterScriptClient(cluster);
  // Leaves one call unanswered on this connection.
  const to = await client.route("key");
  to?.eval("script", ["key"], []).catch(() => {});
  const before = master.touched;
  expect(client.replaceConnection(wrongServer("READONLY no"))).toBe("tooSoon");
  expect(master.touched).toBe(before);
  expect(refreshes).toBe(1);
});

test("a Cluster that is down keeps its connections and refreshes its slots: node-redis", async () => {
  const master = new Master();
  const member = { address: "10.0.0.1:6379", client: master };
  let refreshes = 0;
  const cluster = Object.assign(new EventEmitter(), {
    isOpen: true,
    masters: [member],
    slots: slots.map(() => ({ master: member })),
    nodeByAddress: new Map([[member.address, member]]),
    _slots: { rediscover: async () => refreshes++ },
  }) as unknown as NodeRedisCluster;
  const client = new NodeRedisClusterScriptClient(cluster);
  const to = await client.route("key");
  to?.eval("script", ["key"], []).catch(() => {});
  const before = master.touched;
  expect(client.replaceConnection(wrongServer("READONLY no"))).toBe("tooSoon");
  expect(master.touched).toBe(before);
  expect(refreshes).toBe(1);
});
