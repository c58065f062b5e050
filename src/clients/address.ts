import type { Redis } from "ioredis";
import type { Connection, Keyspace, Replacement, SubscriptionListener } from "../engine/node/lock-node.js";
import { messageOf } from "../engine/protocol/error-message.js";
import type { Timer } from "../engine/time/clock.js";
import { systemClock } from "../engine/time/system-clock.js";
import { exportOf } from "../support/loaded-module.js";
import { noteOwnSocket } from "../support/own-sockets.js";
import { type AddressOptions, readAddress } from "./address-options.js";
import { type ConnectionCause, lastingCause } from "./connection-cause.js";
import { type ConnectionListener, ConnectionListeners } from "./connection-listeners.js";
import { IoredisScriptClient } from "./ioredis/client.js";
import type { IoredisClient } from "./ioredis/library.js";
import { openIoredisSubscriber } from "./ioredis/subscriber.js";
import { Subscriptions } from "./pubsub/subscriptions.js";
import type { ReplacementCause } from "./replacement.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";

/**
 * ms between attempts to reconnect: doubles from the first to the longest delay. Attempts continue while the node is
 * open.
 */
const firstDelay = 50;
const longestDelay = 2_000;
/** ms for the TCP and TLS handshakes, and again for the replies to the client's first commands. */
const defaultConnectTimeout = 5_000;
/** ms without traffic after which the kernel sends keep-alive probes. */
const keepAlive = 10_000;
/** ms for a closed connection to end. Earlier writes have left the socket by then. */
const disconnectTimeout = 250;

/**
 * A connection that is opened and closed for a `redis://` address. Throws InvalidOptionError if the address is invalid.
 */
export class AddressScriptClient implements ScriptClient {
  readonly name: string;
  readonly keyspace: Keyspace;
  readonly sharded = false;
  readonly #address: AddressOptions;
  readonly #listeners = new ConnectionListeners();
  readonly #subscriptions = new Subscriptions((events) =>
    this.#opened === null ? null : openIoredisSubscriber(asClient(this.#opened.redis), events),
  );
  #opened: { readonly client: IoredisScriptClient; readonly redis: Redis } | null = null;
  #opening = false;
  /** Why ioredis could not be loaded. */
  #loadFailure: ConnectionCause | null = null;
  #closed = false;

  constructor(
    address: string,
    option: string,
    private readonly connectTimeout = defaultConnectTimeout,
    private readonly load = () => import("ioredis"),
  ) {
    this.#address = readAddress(address, option);
    const { name, database } = this.#address;
    this.name = name;
    this.keyspace = { prefix: "", database };
  }

  get connection(): Connection {
    if (this.#closed) return "down";
    return this.#opened?.client.connection ?? "connecting";
  }

  get trouble(): string {
    return this.#closed ? "closed" : (this.#opened?.client.trouble ?? this.#loadFailure?.message ?? "");
  }

  get troubleLasts(): boolean {
    return this.#closed || (this.#opened?.client.troubleLasts ?? this.#loadFailure !== null);
  }

  watch(listener: ConnectionListener): () => void {
    return this.#listeners.add(listener);
  }

  connect(): void {
    if (this.#opening || this.#closed) return this.#opened?.client.connect();
    this.#opening = true;
    this.#loadFailure = null;
    this.#open().catch((error: unknown) => {
      // The next call tries again.
      this.#opening = false;
      this.#loadFailure = loadFailure(error);
      this.#listeners.notify("connecting", this.#loadFailure);
    });
  }

  /** The connection belongs to this node, so only our own commands can be in flight. */
  replaceConnection(cause: ReplacementCause): Replacement {
    if (this.#closed) return "impossible";
    // The connection is being opened already.
    if (this.#opened === null) return "replacing";
    const replacement = this.#opened.client.replaceConnection(cause);
    if (replacement === "replacing") this.#subscriptions.reopen();
    return replacement;
  }

  subscribe(channel: string, listener: SubscriptionListener): () => void {
    return this.#subscriptions.subscribe(channel, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    this.#subscriptions.close();
    if (this.#opened !== null) await ended(this.#opened.redis);
  }

  route(): ScriptConnection | null {
    return this.#opened?.client.route() ?? null;
  }

  async #open(): Promise<void> {
    // Imported lazily: managers that use only their users' clients do not load ioredis.
    const Redis = exportOf(await this.load(), "ioredis", "Redis");
    if (this.#closed) return;
    const { url, family } = this.#address;
    const redis = new Redis(url, {
      // A parameter in place of the path.
      db: this.keyspace.database,
      ...(family === undefined ? {} : { family }),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // A command that is unanswered when the connection breaks is rejected at once instead of being kept.
      maxRetriesPerRequest: 0,
      connectTimeout: this.connectTimeout,
      keepAlive,
      disconnectTimeout,
      retryStrategy: (attempt) => Math.min(firstDelay * 2 ** Math.min(attempt - 1, 30), longestDelay),
    });
    const client = new IoredisScriptClient(asClient(redis), "holdfast");
    skipMissingCheck(redis);
    this.#opened = { client, redis };
    this.#boundHandshake(redis);
    client.watch((connection, cause) => this.#listeners.notify(connection, cause));
    client.connect();
  }

  /** ioredis bounds the TCP and TLS handshakes, but not the wait for the replies to AUTH, SELECT and INFO. */
  #boundHandshake(redis: Redis): void {
    const message =
      `connected, but not ready within ${this.connectTimeout / 1_000} s: ` +
      "no reply to AUTH, SELECT or INFO, or the server is still loading its data";
    let deadline: Timer | null = null;
    const over = () => deadline?.cancel();
    redis.on("connect", () => {
      over();
      noteOwnSocket(redis.stream);
      // Destroyed with an error, so that the error is reported. ioredis then reconnects and resolves the host name
      // again.
      deadline = systemClock.after(
        this.connectTimeout,
        () => redis.stream?.destroy(new Error(message)),
        true,
      );
    });
    redis.on("ready", over);
    redis.on("close", over);
  }
}

/** A bundler may have packed ioredis into a file in which it cannot load the modules of Node.js. */
function loadFailure(error: unknown): ConnectionCause {
  const message = messageOf(error);
  const advice = /cannot find/i.test(message)
    ? "install ioredis, or pass a client of your own"
    : "leave ioredis out of the bundle (as an external package), or pass a client of your own";
  return lastingCause(`ioredis, which opens addresses, cannot be loaded: ${message}: ${advice}`);
}

type InfoCallback = (error?: Error | null, text?: string) => void;

/** How servers refuse INFO for good: the user may not use it, or the command is renamed. */
const withoutInfo = /^NOPERM |^ERR unknown command/;

/**
 * ioredis asks for INFO before it calls a connection ready. If the user may not, it goes on, and prints advice about an option of
 * its own to the console. If the server has no such command, it never goes on. Given an empty answer, it only goes on.
 */
function skipMissingCheck(redis: Redis): void {
  const info = redis.info.bind(redis) as (callback: InfoCallback) => Promise<string>;
  const quiet = (callback: InfoCallback) =>
    info((error, text) =>
      withoutInfo.test(error?.message ?? "") ? callback(null, "") : callback(error, text),
    );
  redis.info = quiet as typeof redis.info;
}

/** The types of ioredis declare members as private that every version offers. */
const asClient = (redis: Redis): IoredisClient => redis as unknown as IoredisClient;

/** Resolves when the connection has ended and all its timers are cleared. */
function ended(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    // The connection has ended already, or the client is waiting between two attempts to connect.
    if (redis.status === "end" || redis.status === "reconnecting") resolve();
    redis.once("end", resolve);
    redis.disconnect();
  });
}
