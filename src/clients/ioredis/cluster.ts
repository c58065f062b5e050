import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import { inTurn, replaceSilent, slotOf } from "../cluster.js";
import type { Emitter } from "../connection-watch.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { type IoredisClient, ioredisConnection, ioredisSource } from "./client.js";
import { IoredisNewServers } from "./new-servers.js";
import { openIoredisSubscriber } from "./subscriber.js";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where the servers of a Cluster are reached, by the addresses that they tell. */
type NatMap = ((address: string) => Address | null) | Readonly<Record<string, Address | undefined>>;

/** What is used of an ioredis Cluster, versions 5 and 6. */
export interface IoredisCluster extends Emitter {
  readonly isCluster: true;
  readonly status: string;
  /** For each slot the addresses of its master and its replicas. */
  readonly slots: (readonly string[] | undefined)[];
  readonly startupNodes: readonly unknown[];
  readonly options: { readonly keyPrefix?: string; readonly natMap?: NatMap };
  nodes(role: "master" | "all"): readonly IoredisClient[];
  connect(): Promise<unknown>;
  refreshSlotsCache(done: () => void): void;
}

/**
 * One vote: a whole Cluster. Calls go straight to the master of their slot. The Cluster object would keep what it can't
 * send, and repeat what was redirected, without asking whether anybody still wants it.
 *
 * Not possible: to know that a master is dead before its connection notices, or to vote for a slot while the Cluster
 * elects another master for it: the first request for such a slot is a failed vote, and starts the search for its master.
 */
export class IoredisClusterScriptClient extends UserClient implements ScriptClient {
  readonly sharded = true;
  readonly #connections = new WeakMap<IoredisClient, ScriptConnection>();
  readonly #opening = new WeakMap<IoredisClient, Promise<ScriptConnection | null>>();
  readonly #newServers: IoredisNewServers;
  #refreshing: Promise<void> | null = null;

  constructor(private readonly client: IoredisCluster) {
    const next = inTurn<IoredisClient>(({ status }) => status === "ready");
    super(ioredisSource(client), (events) => {
      // What is published at one server of a Cluster is heard at all of them.
      const master = next(client.nodes("master"));
      return master === undefined ? null : openIoredisSubscriber(master, events);
    });
    this.#newServers = new IoredisNewServers(client);
  }

  get name(): string {
    return `cluster:${startupAddress(this.client.startupNodes[0])}`;
  }

  get keyspace(): Keyspace {
    return { prefix: this.#prefix, database: 0 };
  }

  connect(): void {
    if (this.client.status === "wait") this.client.connect().catch(() => {});
  }

  route(key: string): ScriptConnection | null | Promise<ScriptConnection | null> {
    const address = this.client.slots[slotOf(this.#prefix + key)]?.[0];
    const masters = this.client.nodes("master");
    // Slots may be unknown for a moment, with `stringNumbers` for good: then any master redirects to the right one.
    const master =
      address === undefined
        ? masters[0]
        : (this.#find(masters, address) ?? this.#newServers.get(this.#reached(address)));
    if (master === undefined) void this.refresh();
    return master === undefined ? null : this.#open(master);
  }

  /** The Cluster object forgets a master whose connection has ended, and finds it again with the next redirection. */
  replaceConnection(cause: ReplacementCause): Replacement {
    // Which servers take locks is for the Cluster to say, and not for where the connections lead.
    if (cause === "wrongServer") {
      void this.refresh();
      return "tooSoon";
    }
    // The others are opened by the first request for them.
    const opened = this.client.nodes("master").filter(({ status }) => status !== "wait");
    const replacement = replaceSilent(
      opened.map((master) => this.#over(master)),
      cause,
    );
    if (replacement === "replacing") this.reopenWakeLine();
    void this.refresh();
    return replacement;
  }

  /**
   * Never by a command on a key, which the Cluster object would repeat wherever it is redirected: where the slot is being
   * moved it sends an ASKING with it, and leaves the promise of that to itself.
   */
  refresh(key?: string, owner?: string): Promise<void> {
    // As the Cluster object does with what its own commands are told: the server that is asked next may not know it yet.
    if (key !== undefined && owner) this.client.slots[slotOf(this.#prefix + key)] = [owner];
    if (this.client.status !== "ready") return Promise.resolve();
    const done = () => {
      this.#refreshing = null;
    };
    this.#refreshing ??= new Promise<void>((resolve) => this.client.refreshSlotsCache(resolve)).then(
      done,
      done,
    );
    return this.#refreshing;
  }

  at(address: string): ScriptConnection | null | Promise<ScriptConnection | null> {
    const node = this.#find(this.client.nodes("all"), address);
    return node === undefined ? null : this.#open(node);
  }

  async open(address: string): Promise<ScriptConnection | null> {
    const node = this.#newServers.open(this.#reached(address));
    return node === null ? null : this.#open(node);
  }

  #find(nodes: readonly IoredisClient[], address: string): IoredisClient | undefined {
    const reached = this.#reached(address);
    const node = nodes.find((known) => addressOf(known) === reached);
    if (node !== undefined) this.#newServers.close(reached);
    return node;
  }

  /** By the address that the servers tell, or by the one that stands for it: after a redirection the slots hold either. */
  #reached(address: string): string {
    const { natMap } = this.client.options;
    const mapped = typeof natMap === "function" ? natMap(address) : natMap?.[address];
    return mapped ? `${mapped.host}:${mapped.port}` : address;
  }

  get #prefix(): string {
    return this.client.options.keyPrefix ?? "";
  }

  /** The Cluster object opens the connection to a master with the first command; here that is done before. */
  #open(node: IoredisClient): ScriptConnection | Promise<ScriptConnection | null> {
    if (["wait", "connecting", "connect"].includes(node.status)) {
      let opening = this.#opening.get(node);
      if (opening === undefined) {
        opening = settled(node).then((open) => {
          this.#opening.delete(node);
          return open ? this.#over(node) : null;
        });
        this.#opening.set(node, opening);
      }
      return opening;
    }
    return this.#over(node);
  }

  #over(node: IoredisClient): ScriptConnection {
    let connection = this.#connections.get(node);
    if (connection === undefined) {
      // The prefix of `redisOptions` is applied by the connection, that of the Cluster's options by the Cluster only.
      connection = ioredisConnection(node, node.options.keyPrefix ? "" : this.#prefix, "cluster");
      this.#connections.set(node, connection);
    }
    return connection;
  }
}

const addressOf = (node: IoredisClient): string => `${node.options.host}:${node.options.port}`;

/** Whether the connection became ready; false as soon as it failed. */
function settled(node: IoredisClient): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (open: boolean) => {
      node.off("ready", ready);
      node.off("close", closed);
      node.off("end", closed);
      resolve(open);
    };
    const ready = () => finish(true);
    const closed = () => finish(false);
    node.on("ready", ready);
    node.on("close", closed);
    node.on("end", closed);
    if (node.status === "wait") node.connect().catch(() => {});
  });
}

/** Startup nodes are given as ports, "host:port", URLs or objects. */
function startupAddress(node: unknown): string {
  if (typeof node === "string")
    return node
      .replace(/^\w+:\/\//, "")
      .replace(/^.*@/, "")
      .replace(/[/?].*$/, "");
  if (typeof node !== "object" || node === null) return `localhost:${node}`;
  const { host = "localhost", port = 6379 } = node as { host?: string; port?: number | string };
  return `${host}:${port}`;
}
