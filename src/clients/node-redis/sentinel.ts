import type { Keyspace, Replacement } from "../../engine/node/lock-node.js";
import type { ConnectionSource, Emitter } from "../connection-watch.js";
import type { ReplacementCause } from "../replacement.js";
import type { ScriptClient, ScriptConnection } from "../script-client.js";
import { UserClient } from "../user-client.js";
import { type NodeRedisClient, type NodeRedisConnection, nodeRedisConnection, underlying } from "./client.js";
import { openNodeRedisSubscriber } from "./subscriber.js";

/** What is used of a node-redis Sentinel client (`createSentinel`), versions 5 and 6. */
export interface NodeRedisSentinel extends Emitter {
  readonly isOpen: boolean;
  readonly identity?: { readonly id?: string };
  readonly _keyPrefix?: string;
  connect(): Promise<unknown>;
  emit(event: string): boolean;
  /** Runs a function with the client of the current master. */
  _execute<T>(isReadonly: boolean, run: (master: NodeRedisClient) => Promise<T>): Promise<T>;
}

/** Emitted on the Sentinel client, which does not tell when its master's connection comes and goes. */
const masterChanged = "holdfast:master";

/**
 * The client of the current master. The Sentinel client itself would
 * spread calls over its pool and repeat failed ones without asking whether anybody still wants them: it is asked for
 * its master only, and calls go there in order. Its `masterPoolSize` must leave one connection that nobody holds for ever.
 */
class Master {
  current: NodeRedisClient | null = null;
  connection: NodeRedisConnection | null = null;
  #looking = false;

  constructor(private readonly sentinel: NodeRedisSentinel) {}

  /** Looks for the master unless one is known; a known one reconnects by itself, until a failover closes it. */
  look(): void {
    if (this.#looking || this.current?.isOpen === true) return;
    this.#looking = true;
    const look = this.sentinel._execute(false, async (master) => this.#meet(master));
    const done = () => {
      this.#looking = false;
    };
    look.then(done, done).then(() => this.current?.isReady === true && this.sentinel.emit(masterChanged));
  }

  #meet(given: NodeRedisClient): void {
    const master = underlying(given);
    if (master === this.current) return;
    this.current = master;
    this.connection = nodeRedisConnection(master, () => this.sentinel._keyPrefix ?? "");
    // The master's client belongs to the Sentinel client, and goes with it: nothing to remove.
    for (const event of ["ready", "error", "end"]) master.on(event, () => this.sentinel.emit(masterChanged));
  }
}

const source = (sentinel: NodeRedisSentinel, master: Master): ConnectionSource => ({
  emitter: sentinel,
  events: ["connect", "ready", "reconnecting", "end", "topology-change", masterChanged],
  errors: ["error"],
  throwsUnheard: true,
  read: () => {
    if (!sentinel.isOpen) return master.current === null ? "fresh" : "over";
    if (master.current?.isReady === true) return "ready";
    master.look();
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
      if (bare.isOpen) master.look();
      return master.current?.isReady === true ? openNodeRedisSubscriber(master.current, events) : null;
    });
    this.sentinel = bare;
    this.#master = master;
  }

  /** The name of the master group is not readable; that of the first Sentinel is part of the client's id. */
  get name(): string {
    return `sentinel:${this.sentinel.identity?.id?.replace(/\/[^/]*$/, "") ?? "node-redis"}`;
  }

  /** The database is known from the first connection on; until then nothing is. */
  get keyspace(): Keyspace | null {
    const master = this.#master.current;
    if (master === null) return null;
    return { prefix: this.sentinel._keyPrefix ?? "", database: master.options?.database ?? 0 };
  }

  connect(): void {
    if (!this.sentinel.isOpen) this.sentinel.connect().catch(() => {});
  }

  /** The Sentinel client looks for its master by itself; until it has one there is no connection of it to replace. */
  replaceConnection(cause: ReplacementCause): Replacement {
    const replacement = this.#master.connection?.replace(cause) ?? "impossible";
    if (replacement === "replacing") this.reopenWakeLine();
    return replacement;
  }

  route(): ScriptConnection | null {
    return this.#master.connection;
  }
}
