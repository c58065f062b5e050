import type { Redis } from "ioredis";
import type { Connection, Keyspace, Replacement, SubscriptionListener } from "../engine/node/lock-node.js";
import { systemClock, type Timer } from "../engine/time/clock.js";
import { InvalidOptionError } from "../errors.js";
import { type ConnectionListener, ConnectionListeners } from "./connection-listeners.js";
import { bare } from "./failure.js";
import { type IoredisClient, IoredisScriptClient } from "./ioredis/client.js";
import { openIoredisSubscriber } from "./ioredis/subscriber.js";
import { Subscriptions } from "./pubsub/subscriptions.js";
import type { ReplacementCause } from "./replacement.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";

const allowed = "a redis:// or rediss:// address: redis://[user[:password]@]host[:port][/database]";
/** ms between attempts to reconnect: doubled from the first to the longest, for as long as the node is open. */
const firstDelay = 50;
const longestDelay = 2_000;
/** ms for the TCP and TLS handshakes; and again for what Redis is asked before the connection counts as ready. */
const defaultConnectTimeout = 5_000;
/** ms without traffic after which the kernel asks the other end whether it is still there. */
const keepAlive = 10_000;
/** ms that a closed connection may take to end; what was written before is on its way by then. */
const disconnectTimeout = 250;

/** The address without user, password and anything else that may be secret; for messages. */
const redacted = (address: string): string =>
  address.replace(/^([\w+.-]*:?\/\/)?.*@/s, "$1").replace(/[?#].*$/s, "");

/** A connection opened, and closed, for a `redis://` address. Throws InvalidOptionError if the address can't be one. */
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
    this.#open().catch((error: unknown) => this.#listeners.tell("down", bare(error)));
  }

  /** What is in flight here is ours alone. */
  replaceConnection(cause: ReplacementCause): Replacement {
    if (this.#closed) return "impossible";
    // Nothing is open that could be replaced, and it is being opened already.
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
    // Only here: whoever passes clients of their own should not pay for loading another one.
    const { Redis } = await import("ioredis");
    if (this.#closed) return;
    const redis = new Redis(this.#address, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // What is unanswered when the connection breaks is rejected at once instead of being kept.
      maxRetriesPerRequest: 0,
      connectTimeout: this.connectTimeout,
      keepAlive,
      disconnectTimeout,
      retryStrategy: (attempt) => Math.min(firstDelay * 2 ** Math.min(attempt - 1, 30), longestDelay),
    });
    const client = new IoredisScriptClient(asClient(redis), "holdfast");
    this.#opened = { client, redis };
    this.#boundHandshake(redis);
    client.watch((connection, cause) => this.#listeners.tell(connection, cause));
  }

  /** ioredis bounds the time for TCP and TLS, but waits for the replies to AUTH, SELECT and INFO for ever. */
  #boundHandshake(redis: Redis): void {
    const message =
      `connected, but not ready within ${this.connectTimeout / 1_000} s: ` +
      "no reply to AUTH, SELECT or INFO, or the server is still loading its data";
    let deadline: Timer | null = null;
    const over = () => deadline?.cancel();
    redis.on("connect", () => {
      over();
      // With an error, so that it is told; ioredis then connects again, and asks the name again.
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

/** The types of ioredis call private what every version offers. */
const asClient = (redis: Redis): IoredisClient => redis as unknown as IoredisClient;

/** Resolves when the connection has ended, with every timer of it. */
function ended(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    // Nothing is open that could end: it has ended already, or is between two attempts to connect.
    if (redis.status === "end" || redis.status === "reconnecting") resolve();
    redis.once("end", resolve);
    redis.disconnect();
  });
}
