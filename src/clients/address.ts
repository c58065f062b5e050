import type { Redis } from "ioredis";
import type { Connection, Keyspace, Replacement, SubscriptionListener } from "../engine/node/lock-node.js";
import { systemClock, type Timer } from "../engine/time/clock.js";
import { InvalidOptionError } from "../errors.js";
import { exportOf } from "../support/loaded-module.js";
import { type ConnectionListener, ConnectionListeners } from "./connection-listeners.js";
import { bare } from "./failure.js";
import { IoredisScriptClient } from "./ioredis/client.js";
import type { IoredisClient } from "./ioredis/library.js";
import { openIoredisSubscriber } from "./ioredis/subscriber.js";
import { Subscriptions } from "./pubsub/subscriptions.js";
import type { ReplacementCause } from "./replacement.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";

const allowed = "a redis:// or rediss:// address: redis://[user[:password]@]host[:port][/database]";
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

/** The address without user, password and anything else that may be secret; for messages. */
const redacted = (address: string): string =>
  address.replace(/^([\w+.-]*:?\/\/)?.*@/s, "$1").replace(/[?#].*$/s, "");

/**
 * A connection that is opened and closed for a `redis://` address. Throws InvalidOptionError if the address is invalid.
 */
export class AddressScriptClient implements ScriptClient {
  readonly name: string;
  readonly keyspace: Keyspace;
  readonly sharded = false;
  readonly #address: string;
  readonly #listeners = new ConnectionListeners();
  readonly #subscriptions = new Subscriptions((events) =>
    this.#opened === null ? null : openIoredisSubscriber(asClient(this.#opened.redis), events),
  );
  #opened: { readonly client: IoredisScriptClient; readonly redis: Redis } | null = null;
  #opening = false;
  #closed = false;

  constructor(
    address: string,
    option: string,
    private readonly connectTimeout = defaultConnectTimeout,
  ) {
    const url = URL.canParse(address) ? new URL(address) : null;
    const database = Number(url?.pathname.slice(1) || 0);
    const sound =
      (url?.protocol === "redis:" || url?.protocol === "rediss:") &&
      url.hostname !== "" &&
      url.search === "" &&
      url.hash === "" &&
      Number.isInteger(database) &&
      database >= 0;
    if (url === null || !sound) throw new InvalidOptionError(option, redacted(address), allowed);
    this.#address = address;
    this.name = `${url.protocol}//${url.host}${database === 0 ? "" : `/${database}`}`;
    this.keyspace = { prefix: "", database };
  }

  get connection(): Connection {
    if (this.#closed) return "down";
    return this.#opened?.client.connection ?? "connecting";
  }

  get trouble(): string {
    return this.#closed ? "closed" : (this.#opened?.client.trouble ?? "");
  }

  watch(listener: ConnectionListener): () => void {
    return this.#listeners.add(listener);
  }

  connect(): void {
    if (this.#opening || this.#closed) return;
    this.#opening = true;
    this.#open().catch((error: unknown) => this.#listeners.notify("down", bare(error)));
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
    const Redis = exportOf(await import("ioredis"), "ioredis", "Redis");
    if (this.#closed) return;
    const redis = new Redis(this.#address, {
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
    this.#opened = { client, redis };
    this.#boundHandshake(redis);
    client.watch((connection, cause) => this.#listeners.notify(connection, cause));
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
