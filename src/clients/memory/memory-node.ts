import type {
  Batch,
  Connection,
  LockNode,
  Reply,
  SubscriptionListener,
} from "../../engine/node/lock-node.js";
import { type LockCommand, needsMemory } from "../../engine/protocol/command.js";
import { forgetful } from "../../engine/protocol/encoding.js";
import {
  formLoss,
  formMarker,
  type Identification,
  longestShort,
  type MemoryChange,
  readMarker,
} from "../../engine/protocol/memory.js";
import { type Clock, systemClock } from "../../engine/time/clock.js";
import { InvalidOptionError } from "../../errors.js";
import { entriesOf } from "../../support/untrusted.js";
import { type ConnectionListener, ConnectionListeners } from "../connection-listeners.js";
import { failure } from "../failure.js";
import { Channel } from "../pubsub/channel.js";
import { MemoryStore } from "./memory-store.js";

/** A node inside this process, for tests, demos and single-process programs. It can be made to fail on purpose. */
export interface MemoryNode extends LockNode {
  /** The node dies: its connection goes down, and what it has not answered yet is lost. */
  crash(): void;
  /**
   * The node is back, with a new identity. Its memory is empty unless `keepMemory` is true (default false); it counts as
   * lost all the same, because nobody can know that it is not an old one.
   */
  restart(options?: { readonly keepMemory?: boolean }): void;
  /** All keys are gone, the node itself goes on. */
  flush(): void;
  /** After `crash`: only the connection had been gone, and the node is the same as before. */
  reconnect(): void;
  /** The node stops answering; its connection stays. Requests are kept until `wake`. */
  hang(): void;
  /** The node answers again: first what was sent meanwhile, in order. */
  wake(): void;
}

export interface MemoryNodeOptions {
  /** Decides when keys expire. Default: the system's. */
  readonly clock?: Clock;
}

/** Makes names and identities unique in this process. */
let serial = 0;

/**
 * A node without a server. `name` is what votes and errors call it; default "memory-1" and so on.
 *
 * @throws InvalidOptionError
 */
export function memoryNode(name?: string, options: MemoryNodeOptions = {}): MemoryNode {
  if (name !== undefined && typeof name !== "string") throw new InvalidOptionError("name", name, "a string");
  const { clock = systemClock } = optionsIn(options, "clock");
  if (typeof clock?.monotonic !== "function" || typeof clock.wall !== "function") {
    throw new InvalidOptionError("clock", clock, "a clock: an object with monotonic(), wall() and after()");
  }
  serial += 1;
  return new InProcessNode(name ?? `memory-${serial}`, serial, clock);
}

/** With no other option than this one. */
function optionsIn<Options extends object>(options: Options, name: keyof Options & string): Options {
  if (entriesOf(options)?.every(([key]) => key === name)) return options;
  throw new InvalidOptionError("options", options, `an object with ${name}`);
}

interface Waiting {
  run(): void;
  lose(): void;
}

const down = failure("notReady", "the node is down");
const lost = failure("connection", "the node crashed before it answered");

export class InProcessNode implements MemoryNode {
  readonly keyspace = { prefix: "", database: 0 };
  readonly sharded = false;
  #store = this.#newStore();
  #generation = 1;
  /** It is known what it granted before: nothing. */
  #marker: string;
  #connection: Connection = "ready";
  #hanging = false;
  #waiting: Waiting[] = [];
  readonly #listeners = new ConnectionListeners();
  readonly #channels = new Map<string, Channel>();

  constructor(
    readonly name: string,
    readonly serial: number,
    readonly clock: Clock,
  ) {
    this.#marker = formMarker(serial, this.#life, 0);
  }

  get connection(): Connection {
    return this.#connection;
  }

  get trouble(): string {
    return this.#connection === "down" ? `${this.name} crashed` : "";
  }

  watch(listener: ConnectionListener): () => void {
    return this.#listeners.add(listener);
  }

  subscribe(name: string, listener: SubscriptionListener): () => void {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = new Channel();
      this.#channels.set(name, channel);
      // Nobody is there yet to be told.
      this.#settle(channel);
    }
    const own = channel;
    const remove = own.add(listener);
    return () => {
      if (remove() && own.size === 0) this.#channels.delete(name);
    };
  }

  /**
   * Tells the subscribers of a channel, in order: later, not during this call, and while the node hangs not before it
   * wakes. Returns how many there are now.
   */
  ring(channel: string, message: string): number {
    const listening = this.#channels.get(channel)?.size ?? 0;
    if (this.#connection !== "ready" || listening === 0) return 0;
    const generation = this.#generation;
    const deliver = () => {
      if (this.#connection !== "ready" || generation !== this.#generation) return;
      this.#channels.get(channel)?.message(message);
    };
    if (this.#hanging) this.#waiting.push({ run: () => queueMicrotask(deliver), lose: () => {} });
    else queueMicrotask(deliver);
    return listening;
  }

  publish(channel: string, message: string): Promise<number> {
    return this.#perform(
      () => this.ring(channel, message),
      () => Promise.reject(new Error(`${this.name} is not connected`)),
    );
  }

  connect(): void {}

  async close(): Promise<void> {}

  identify(id: string, change: MemoryChange | null, age = 0): Promise<Identification> {
    return this.#perform(
      () => {
        if (id !== "" && !this.#marker.includes(`.${this.#life} `)) this.#marker = formLoss(id, this.#life);
        if (change !== null && change.marker === this.#marker) this.#remember(id, change);
        const now = Math.ceil(this.clock.monotonic());
        return readMarker(this.#marker, {
          runId: this.#life,
          now,
          watermark: this.#store.watermark,
          longLeft: this.#store.longLeft(now, age),
        });
      },
      () => Promise.reject(new Error(`${this.name} is not connected`)),
    );
  }

  execute({ mark, requests }: Batch): void {
    if (this.#connection !== "ready") {
      for (const request of requests) request.answered(down);
      return;
    }
    void this.#perform(
      () => requests.map(({ command }) => this.#apply(command, mark)),
      () => requests.map(() => lost),
    ).then((replies) => {
      for (const [index, request] of requests.entries()) request.answered(replies[index] ?? lost);
    });
  }

  crash(): void {
    if (this.#connection === "down") return;
    this.#hanging = false;
    for (const request of this.#waiting.splice(0)) request.lose();
    this.#change("down", new Error(`${this.name} crashed`));
  }

  restart(options: { readonly keepMemory?: boolean } = {}): void {
    const { keepMemory = false } = optionsIn(options, "keepMemory");
    if (typeof keepMemory !== "boolean") {
      throw new InvalidOptionError("keepMemory", keepMemory, "true or false");
    }
    this.crash();
    this.#generation += 1;
    if (!keepMemory) this.flush();
    this.#change("ready");
  }

  reconnect(): void {
    if (this.#connection === "down") this.#change("ready");
  }

  flush(): void {
    this.#store = this.#newStore();
    this.#marker = "";
  }

  hang(): void {
    if (this.#connection === "ready") this.#hanging = true;
  }

  wake(): void {
    this.#hanging = false;
    for (const request of this.#waiting.splice(0)) request.run();
  }

  get #life(): string {
    return `${this.serial}x${this.#generation}`;
  }

  #apply(command: LockCommand, mark: string | null): Reply {
    if (mark !== null && needsMemory(command)) {
      if (!this.#marker.startsWith(`${mark} `) || !mark.endsWith(`.${this.#life}`)) return forgetful;
      const longest = Number(this.#marker.slice(mark.length).split(" ")[1]);
      if ("ttl" in command && command.ttl > longest && command.ttl <= longestShort) {
        this.#marker = formMarker(mark.slice(0, -this.#life.length - 1), this.#life, command.ttl);
      }
    }
    return this.#store.apply(command, this.clock.monotonic());
  }

  #remember(id: string, { abstention, longest, watermark }: MemoryChange): void {
    this.#store.raise(watermark);
    this.#marker = formMarker(id, this.#life, longest, abstention);
  }

  #newStore(): MemoryStore {
    return new MemoryStore((channel, message) => {
      this.ring(channel, message);
    });
  }

  /** `work` is done at once or at `wake`; its result is told asynchronously, and not at all after a crash. */
  async #perform<T>(work: () => T, onLost: () => T | Promise<T>): Promise<T> {
    if (this.#connection !== "ready") return onLost();
    if (!this.#hanging) {
      const { result, generation } = { result: work(), generation: this.#generation };
      await undefined;
      return this.#connection === "ready" && generation === this.#generation ? result : onLost();
    }
    return new Promise<T>((resolve) => {
      this.#waiting.push({ run: () => resolve(work()), lose: () => resolve(onLost()) });
    });
  }

  /** A subscription stands as soon as the node can answer. */
  #settle(channel: Channel): void {
    if (this.#connection !== "ready") channel.become("unsubscribed");
    else if (!this.#hanging) channel.become("subscribed");
    else this.#waiting.push({ run: () => channel.become("subscribed"), lose: () => {} });
  }

  #change(connection: Connection, cause?: Error): void {
    this.#connection = connection;
    this.#listeners.tell(connection, cause);
    for (const channel of this.#channels.values()) this.#settle(channel);
  }
}
