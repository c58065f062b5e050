import type { Redis } from "ioredis";
import type { Connection, Keyspace, WakeListener } from "../engine/node.js";
import { InvalidOptionError } from "../errors.js";
import { bare } from "./failure.js";
import { IoredisScriptClient } from "./ioredis.js";
import { type ConnectionListener, ConnectionListeners } from "./listeners.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";
import { openIoredisSubscriber } from "./wake/ioredis-subscriber.js";
import { WakeLine } from "./wake/wake-line.js";

const allowed = "a redis:// or rediss:// address: redis://[user[:password]@]host[:port][/database]";
/** ms between attempts to reconnect: doubled from the first to the longest, for as long as the node is open. */
const firstDelay = 50;
const longestDelay = 2_000;
const connectTimeout = 5_000;
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
  readonly #wakeLine = new WakeLine((events) =>
    this.#opened === null ? null : openIoredisSubscriber(this.#opened.redis, events),
  );
  #opened: { readonly client: IoredisScriptClient; readonly redis: Redis } | null = null;
  #opening = false;
  #closed = false;

  constructor(address: string, option: string) {
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

  subscribe(channel: string, listener: WakeListener): () => void {
    return this.#wakeLine.subscribe(channel, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    this.#wakeLine.close();
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
      connectTimeout,
      disconnectTimeout,
      retryStrategy: (attempt) => Math.min(firstDelay * 2 ** Math.min(attempt - 1, 30), longestDelay),
    });
    const client = new IoredisScriptClient(redis);
    this.#opened = { client, redis };
    client.watch((connection, cause) => this.#listeners.tell(connection, cause));
  }
}

/** Resolves when the connection has ended, with every timer of it. */
function ended(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    // Nothing is open that could end: it has ended already, or is between two attempts to connect.
    if (redis.status === "end" || redis.status === "reconnecting") resolve();
    redis.once("end", resolve);
    redis.disconnect();
  });
}
