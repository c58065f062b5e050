import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import { slotOf } from "../../engine/protocol/hash-slot.js";
import { replaceUnresponsive, rotation } from "../cluster.js";
import type { ConnectionSource } from "../connection-watch.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { nodeRedisConnection, underlying } from "./client.js";
import type { ClusterMember, NodeRedisClient, NodeRedisCluster } from "./library.js";
import { NodeRedisNewServers } from "./new-servers.js";
import { openNodeRedisSubscriber } from "./subscriber.js";

const source = (cluster: NodeRedisCluster): ConnectionSource => ({
  emitter: cluster,
  events: ["connect", "node-connect", "node-ready", "node-reconnecting", "node-disconnect"],
  errors: ["error"],
  memberErrors: ["node-error"],
  closed: "disconnect",
  throwsUnhandled: true,
  read: () => {
    if (!cluster.isOpen) return "fresh";
    // The first request for a master without a client opens its connection.
    const reachable = cluster.masters.some(({ client }) => client === undefined || client.isReady);
    return reachable ? "ready" : "trying";
  },
});

/**
 * A whole Cluster with one vote. Calls are sent directly to the master of their slot, because the Cluster object would
 * queue a command that it cannot send and repeat a redirected one, even if the caller has given up.
 *
 * Limits: a dead master is noticed only when its connection fails, and a slot cannot vote while the Cluster elects
 * another master for it. The first request for such a slot is a failed vote and starts the search for the master.
 */
export class NodeRedisClusterScriptClient extends UserClient implements ScriptClient {
  readonly sharded = true;
  readonly writesLater = true;
  private readonly cluster: NodeRedisCluster;
  readonly #connections = new WeakMap<NodeRedisClient, ScriptConnection>();
  readonly #newServers: NodeRedisNewServers;
  #refreshing: Promise<void> | null = null;

  constructor(cluster: NodeRedisCluster) {
    const bare = underlying(cluster);
    const next = rotation<ClusterMember>(({ client }) => client?.isReady === true);
    super(source(bare), (events) => {
      // A message published at one server of a Cluster reaches the subscribers at all of them.
      const member = next(bare.masters);
      if (member?.client !== undefined) return openNodeRedisSubscriber(member.client, events);
      // With `minimizeConnections` the master may have no client yet. The client opened here also serves the locks.
      if (member !== undefined) Promise.resolve(bare.nodeClient(member)).catch(() => {});
      return null;
    });
    this.cluster = bare;
    this.#newServers = new NodeRedisNewServers(bare);
  }

  get name(): string {
    const root = this.cluster._options?.rootNodes?.[0];
    if (root?.url !== undefined) return `cluster:${URL.canParse(root.url) ? new URL(root.url).host : "?"}`;
    const { host = "localhost", port = 6379 } = root?.socket ?? {};
    return `cluster:${host}:${port}`;
  }

  get keyspace(): Keyspace {
    return { prefix: this.#prefix, database: 0 };
  }

  connect(): void {
    if (!this.cluster.isOpen) this.cluster.connect().catch((error: unknown) => this.connectFailed(error));
  }

  route(key: string): ScriptConnection | null | Promise<ScriptConnection | null> {
    const master = this.cluster.slots[slotOf(this.#prefix + key)]?.master;
    if (master === undefined) {
      void this.refresh();
      return null;
    }
    if (master.address !== undefined) this.#newServers.close(master.address);
    return this.#open(master);
  }

  replaceConnection(cause: ReplacementCause): Replacement {
    // The Cluster decides which servers take locks, not the targets of its connections.
    if (cause.kind === "wrongServer") {
      void this.refresh();
      return "tooSoon";
    }
    const clients = this.cluster.masters.flatMap(({ client }) => (client === undefined ? [] : [client]));
    const replacement = replaceUnresponsive(
      clients.map((client) => this.#connectionTo(client)),
      cause,
    );
    if (replacement === "replacing") this.reopenSubscriptions();
    void this.refresh();
    return replacement;
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#rediscover().then(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  at(address: string): ScriptConnection | null | Promise<ScriptConnection | null> {
    const member = this.cluster.nodeByAddress.get(address);
    if (member === undefined) return null;
    this.#newServers.close(address);
    return this.#open(member);
  }

  async open(address: string): Promise<ScriptConnection | null> {
    const member = this.#newServers.get(address);
    return member === null ? null : this.#open(member);
  }

  get #prefix(): string {
    return this.cluster._keyPrefix ?? "";
  }

  /**
   * Fetches the slot table from any master that is ready. The Cluster object itself does so only after a redirection.
   */
  async #rediscover(): Promise<void> {
    const clients = this.cluster.masters.map(({ client }) => client);
    const start = clients.find((client) => client?.isReady) ?? clients.find((client) => client !== undefined);
    try {
      if (start !== undefined) await this.cluster._slots?.rediscover?.(start);
    } catch {
      // No server answers; the next request that finds no master tries again.
    }
  }

  #open(member: ClusterMember): ScriptConnection | Promise<ScriptConnection | null> {
    const { client, connectPromise } = member;
    if (client !== undefined && connectPromise === undefined) {
      if (!client.isReady) void this.refresh();
      return this.#connectionTo(client);
    }
    return Promise.resolve(this.cluster.nodeClient(member)).then(
      (opened) => this.#connectionTo(opened),
      () => null,
    );
  }

  #connectionTo(client: NodeRedisClient): ScriptConnection {
    let connection = this.#connections.get(client);
    if (connection === undefined) {
      connection = nodeRedisConnection(client, () => this.#prefix);
      this.#connections.set(client, connection);
    }
    return connection;
  }
}
