import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import type { ConnectionSource, Emitter } from "../connection-watch.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { type NodeRedisConnection, nodeRedisConnection, underlying } from "./client.js";
import type { NodeRedisClient } from "./library.js";
import { openNodeRedisSubscriber } from "./subscriber.js";

/** The part of a node-redis Sentinel client (`createSentinel`) that is used here: versions 5 and 6. */
export interface NodeRedisSentinel extends Emitter {
  readonly isOpen: boolean;
  readonly identity?: { readonly id?: string };
  readonly _keyPrefix?: string;
  connect(): Promise<unknown>;
  emit(event: string): boolean;
  /** Runs a function with the client of the current master. */
  _execute<T>(isReadonly: boolean, run: (master: NodeRedisClient) => Promise<T>): Promise<T>;
}

/** Emitted on the Sentinel client, which does not report changes of its master's connection. */
const masterChanged = "holdfast:master";

/**
 * The client of the current master. The Sentinel client itself would spread calls over its pool and repeat failed ones
 * even if the caller has given up. Therefore the Sentinel client only provides its master, and calls are sent to the
 * master in order. The client's `masterPoolSize` must leave one connection that no caller holds forever.
 */
class Master {
  current: NodeRedisClient | null = null;
  connection: NodeRedisConnection | null = null;
  #finding = false;

  constructor(private readonly sentinel: NodeRedisSentinel) {}

  /** Looks up the master unless one is known. A known master reconnects by itself, until a failover closes it. */
  find(): void {
    if (this.#finding || this.current?.isOpen === true) return;
    this.#finding = true;
    const find = this.sentinel._execute(false, async (master) => this.#setCurrent(master));
    const done = () => {
      this.#finding = false;
    };
    find.then(done, done).then(() => this.current?.isReady === true && this.sentinel.emit(masterChanged));
  }

  #setCurrent(given: NodeRedisClient): void {
    const master = underlying(given);
    if (master === this.current) return;
    this.current = master;
    this.connection = nodeRedisConnection(master, () => this.sentinel._keyPrefix ?? "");
    // The Sentinel client owns the master's client and discards it with its listeners, so no listener needs to be
    // removed.
    for (const event of ["ready", "error", "end"]) master.on(event, () => this.sentinel.emit(masterChanged));
  }
}

const source = (sentinel: NodeRedisSentinel, master: Master): ConnectionSource => ({
  emitter: sentinel,
  events: ["connect", "ready", "reconnecting", "end", "topology-change", masterChanged],
  errors: [],
  memberErrors: ["error"],
  throwsUnhandled: true,
  read: () => {
    if (!sentinel.isOpen) return master.current === null ? "fresh" : "over";
    if (master.current?.isReady === true) return "ready";
    master.find();
    return "trying";
  },
});

export class NodeRedisSentinelScriptClient extends UserClient implements ScriptClient {
  readonly sharded = false;
  readonly writesLater = true;
  private readonly sentinel: NodeRedisSentinel;
  readonly #master: Master;

  constructor(sentinel: NodeRedisSentinel) {
    const bare = underlying(sentinel);
    const master = new Master(bare);
    super(source(bare, master), (events) => {
      if (bare.isOpen) master.find();
      return master.current?.isReady === true ? openNodeRedisSubscriber(master.current, events) : null;
    });
    this.sentinel = bare;
    this.#master = master;
  }

  /**
   * The address of the first Sentinel, which is part of the client's id. The name of the master group is not readable.
   */
  get name(): string {
    return `sentinel:${this.sentinel.identity?.id?.replace(/\/[^/]*$/, "") ?? "node-redis"}`;
  }

  /** Null until the first connection, because only the master's client shows the database. */
  get keyspace(): Keyspace | null {
    const master = this.#master.current;
    if (master === null) return null;
    return { prefix: this.sentinel._keyPrefix ?? "", database: master.options?.database ?? 0 };
  }

  connect(): void {
    if (!this.sentinel.isOpen) this.sentinel.connect().catch((error: unknown) => this.connectFailed(error));
  }

  /** The Sentinel client looks up its master by itself; before that there is no connection to replace. */
  replaceConnection(cause: ReplacementCause): Replacement {
    const replacement = this.#master.connection?.replace(cause) ?? "impossible";
    if (replacement === "replacing") this.reopenSubscriptions();
    return replacement;
  }

  route(): ScriptConnection | null {
    return this.#master.connection;
  }
}
