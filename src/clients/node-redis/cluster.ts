import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import { inTurn, replaceSilent, slotOf } from "../cluster.js";
import type { ConnectionSource, Emitter } from "../connection-watch.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { type NodeRedisClient, nodeRedisConnection, underlying } from "./client.js";
import { NodeRedisNewServers } from "./new-servers.js";
import { openNodeRedisSubscriber } from "./subscriber.js";

export interface ClusterMember {
  readonly address?: string;
  readonly client?: NodeRedisClient | undefined;
  /** While it is being connected for the first time. */
  readonly connectPromise?: Promise<unknown> | undefined;
}

interface RootNode {
  readonly url?: string;
  readonly socket?: { readonly host?: string; readonly port?: number };
}

/** What is used of a node-redis Cluster (`createCluster`), versions 4 to 6. */
export interface NodeRedisCluster extends Emitter {
  readonly isOpen: boolean;
  readonly masters: readonly ClusterMember[];
  readonly slots: readonly ({ readonly master: ClusterMember } | undefined)[];
  readonly nodeByAddress: ReadonlyMap<string, ClusterMember>;
  readonly _keyPrefix?: string;
  readonly _options?: { readonly rootNodes?: readonly RootNode[] };
  readonly _slots?: { rediscover?(startWith: NodeRedisClient): Promise<unknown> };
  connect(): Promise<unknown>;
  nodeClient(member: ClusterMember): NodeRedisClient | Promise<NodeRedisClient>;
}

const source = (cluster: NodeRedisCluster): ConnectionSource => ({
  emitter: cluster,
  events: ["connect", "node-connect", "node-ready", "node-reconnecting", "node-disconnect"],
  errors: ["error", "node-error"],
  closed: "disconnect",
  throwsUnheard: true,
  read: () => {
    if (!cluster.isOpen) return "fresh";
    // A master without a client is connected by the first request for it.
    const reachable = cluster.masters.some(({ client }) => client === undefined || client.isReady);
    return reachable ? "ready" : "trying";
  },
});

/**
 * One vote: a whole Cluster. Calls go straight to the master of their slot. The Cluster object would keep what it can't
 * send, and repeat what was redirected, without asking whether anybody still wants it.
 *
 * Not possible: to know that a master is dead before its connection notices, or to vote for a slot while the Cluster
 * elects another master for it: the first request for such a slot is a failed vote, and starts the search for its master.
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
    const next = inTurn<ClusterMember>(({ client }) => client?.isReady === true);
    super(source(bare), (events) => {
      // What is published at one server of a Cluster is heard at all of them.
      const member = next(bare.masters);
      if (member?.client !== undefined) return openNodeRedisSubscriber(member.client, events);
      // With `minimizeConnections` there may be none yet; the one that is opened here also serves the locks.
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
    if (!this.cluster.isOpen) this.cluster.connect().catch(() => {});
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
    // Which servers take locks is for the Cluster to say, and not for where the connections lead.
    if (cause === "wrongServer") {
      void this.refresh();
      return "tooSoon";
    }
    const clients = this.cluster.masters.flatMap(({ client }) => (client === undefined ? [] : [client]));
    const replacement = replaceSilent(
      clients.map((client) => this.#over(client)),
      cause,
    );
    if (replacement === "replacing") this.reopenWakeLine();
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

  /** Asks whichever master still answers; the Cluster object does so by itself only when a command is redirected. */
  async #rediscover(): Promise<void> {
    const clients = this.cluster.masters.map(({ client }) => client);
    const start = clients.find((client) => client?.isReady) ?? clients.find((client) => client !== undefined);
    try {
      if (start !== undefined) await this.cluster._slots?.rediscover?.(start);
    } catch {
      // Nobody answers; the next request that finds no master asks again.
    }
  }

  #open(member: ClusterMember): ScriptConnection | Promise<ScriptConnection | null> {
    const { client, connectPromise } = member;
    if (client !== undefined && connectPromise === undefined) {
      if (!client.isReady) void this.refresh();
      return this.#over(client);
    }
    return Promise.resolve(this.cluster.nodeClient(member)).then(
      (opened) => this.#over(opened),
      () => null,
    );
  }

  #over(client: NodeRedisClient): ScriptConnection {
    let connection = this.#connections.get(client);
    if (connection === undefined) {
      connection = nodeRedisConnection(client, () => this.#prefix);
      this.#connections.set(client, connection);
    }
    return connection;
  }
}
