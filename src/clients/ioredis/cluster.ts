import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import { slotOf } from "../../engine/protocol/hash-slot.js";
import { replaceUnresponsive, rotation } from "../cluster.js";
import type { Emitter } from "../connection-watch.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { ioredisConnection, ioredisSource } from "./client.js";
import type { IoredisClient } from "./library.js";
import { IoredisNewServers } from "./new-servers.js";
import { openIoredisSubscriber } from "./subscriber.js";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Maps the addresses that the servers announce to reachable addresses. */
type NatMap = ((address: string) => Address | null) | Readonly<Record<string, Address | undefined>>;

/** The part of an ioredis Cluster that is used here: versions 5 and 6. */
export interface IoredisCluster extends Emitter {
  readonly isCluster: true;
  readonly status: string;
  /** For each slot the addresses of its master and replicas. */
  readonly slots: (readonly string[] | undefined)[];
  readonly startupNodes: readonly unknown[];
  readonly options: { readonly keyPrefix?: string; readonly natMap?: NatMap };
  nodes(role: "master" | "all"): readonly IoredisClient[];
  connect(): Promise<unknown>;
  refreshSlotsCache(done: () => void): void;
}

/**
 * A whole Cluster with one vote. Calls are sent directly to the master of their slot, because the Cluster object would
 * queue a command that it cannot send and repeat a redirected one, even if the caller has given up.
 *
 * Limits: a dead master is noticed only when its connection fails, and a slot cannot vote while the Cluster elects
 * another master for it. The first request for such a slot is a failed vote and starts the search for the master.
 */
export class IoredisClusterScriptClient extends UserClient implements ScriptClient {
  readonly sharded = true;
  readonly #connections = new WeakMap<IoredisClient, ScriptConnection>();
  readonly #opening = new WeakMap<IoredisClient, Promise<ScriptConnection | null>>();
  readonly #newServers: IoredisNewServers;
  #refreshing: Promise<void> | null = null;

  constructor(private readonly client: IoredisCluster) {
    const next = rotation<IoredisClient>(({ status }) => status === "ready");
    super({ ...ioredisSource(client), memberErrors: ["node error"] }, (events) => {
      // A message published at one server of a Cluster reaches the subscribers at all of them.
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
    if (this.client.status === "wait") {
      this.client.connect().catch((error: unknown) => this.connectFailed(error));
    }
  }

  route(key: string): ScriptConnection | null | Promise<ScriptConnection | null> {
    const address = this.client.slots[slotOf(this.#prefix + key)]?.[0];
    const masters = this.client.nodes("master");
    // Slots may be unknown for a moment, and always are with `stringNumbers`: then any master redirects to the right
    // one.
    const master =
      address === undefined
        ? masters[0]
        : (this.#find(masters, address) ?? this.#newServers.get(this.#reachableAddress(address)));
    if (master === undefined) void this.refresh();
    return master === undefined ? null : this.#open(master);
  }

  /**
   * The Cluster object drops a master whose connection has ended, and finds the master again with the next redirection.
   */
  replaceConnection(cause: ReplacementCause): Replacement {
    // The Cluster decides which servers take locks, not the targets of its connections.
    if (cause.kind === "wrongServer") {
      void this.refresh();
      return "tooSoon";
    }
    // The other connections are opened by the first request for them.
    const opened = this.client.nodes("master").filter(({ status }) => status !== "wait");
    const replacement = replaceUnresponsive(
      opened.map((master) => this.#connectionTo(master)),
      cause,
    );
    if (replacement === "replacing") this.reopenSubscriptions();
    void this.refresh();
    return replacement;
  }

  /**
   * Refreshes without sending a command on a key: the Cluster object repeats such a command wherever it is redirected,
   * with an ASKING whose promise is not handled while the slot is being moved.
   */
  refresh(key?: string, owner?: string): Promise<void> {
    // The Cluster object does the same when its own commands are redirected: the server that is asked for the slots
    // next may not know the move yet.
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
    const node = this.#newServers.open(this.#reachableAddress(address));
    return node === null ? null : this.#open(node);
  }

  #find(nodes: readonly IoredisClient[], address: string): IoredisClient | undefined {
    const reached = this.#reachableAddress(address);
    const node = nodes.find((known) => addressOf(known) === reached);
    if (node !== undefined) this.#newServers.close(reached);
    return node;
  }

  /**
   * The mapped address of a server. After a redirection the slots contain either the announced or the mapped address.
   */
  #reachableAddress(address: string): string {
    const { natMap } = this.client.options;
    const mapped = typeof natMap === "function" ? natMap(address) : natMap?.[address];
    return mapped ? `${mapped.host}:${mapped.port}` : address;
  }

  get #prefix(): string {
    return this.client.options.keyPrefix ?? "";
  }

  /**
   * The Cluster object opens the connection to a master with the first command; here the connection is opened before.
   */
  #open(node: IoredisClient): ScriptConnection | Promise<ScriptConnection | null> {
    if (["wait", "connecting", "connect"].includes(node.status)) {
      let opening = this.#opening.get(node);
      if (opening === undefined) {
        opening = becameReady(node).then((open) => {
          this.#opening.delete(node);
          return open ? this.#connectionTo(node) : null;
        });
        this.#opening.set(node, opening);
      }
      return opening;
    }
    return this.#connectionTo(node);
  }

  #connectionTo(node: IoredisClient): ScriptConnection {
    let connection = this.#connections.get(node);
    if (connection === undefined) {
      // The connection applies the prefix of `redisOptions`; only the Cluster object applies the prefix of the
      // Cluster's options.
      connection = ioredisConnection(node, node.options.keyPrefix ? "" : this.#prefix, "cluster");
      this.#connections.set(node, connection);
    }
    return connection;
  }
}

const addressOf = (node: IoredisClient): string => `${node.options.host}:${node.options.port}`;

/** Whether the connection became ready; false as soon as it failed. */
function becameReady(node: IoredisClient): Promise<boolean> {
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

/** Startup nodes are ports, "host:port", URLs or objects. */
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
