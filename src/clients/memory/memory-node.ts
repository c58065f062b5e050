import type {
  Batch,
  Connection,
  LockNode,
  Reply,
  SubscriptionListener,
} from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import { memoryLost } from "../../engine/protocol/decoding.js";
import {
  formatLoss,
  formatMarker,
  type Identification,
  longestShort,
  type MemoryChange,
  readMarker,
} from "../../engine/protocol/memory.js";
import { checkVersion } from "../../engine/protocol/protocol-version.js";
import { failed } from "../../engine/protocol/refusal.js";
import type { SetRecord } from "../../engine/protocol/set-record.js";
import { needsMemory } from "../../engine/protocol/traits.js";
import type { Clock } from "../../engine/time/clock.js";
import { systemClock } from "../../engine/time/system-clock.js";
import { InvalidOptionError } from "../../errors.js";
import { checkEntries } from "../../support/checks.js";
import { afterJobs } from "../../support/platform.js";
import { kindOf } from "../../support/redaction.js";
import { type ConnectionListener, ConnectionListeners } from "../connection-listeners.js";
import { Channel } from "../pubsub/channel.js";
import { MemorySets } from "./memory-sets.js";
import { MemoryStore } from "./memory-store.js";

/** A node inside this process, for tests, demos and single-process programs. Its methods inject faults. */
export interface MemoryNode extends LockNode {
  /** Crashes the node: its connection goes down, and unanswered requests are lost. */
  crash(): void;
  /**
   * Starts the node again, with a new identity. Its memory is empty unless `keepMemory` is true (default false). Even
   * kept memory counts as lost, because it could be outdated.
   */
  restart(options?: { readonly keepMemory?: boolean | undefined }): void;
  /** Deletes all keys; the node keeps running. */
  flush(): void;
  /** Reconnects after `crash` as if only the connection had been lost: the node keeps its identity and memory. */
  reconnect(): void;
  /** Stops answering; the connection stays. Requests are kept until `wake`. */
  hang(): void;
  /** Answers again, starting with the kept requests, in order. */
  wake(): void;
}

export interface MemoryNodeOptions {
  /** The clock that expires keys. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** Makes names and identities unique in this process. */
let serial = 0;

/**
 * Creates a node without a server. Votes and errors show `name`; default "memory-1" and so on.
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

/** Checks that the options have no property other than this one. */
function optionsIn<Options extends object>(options: Options, name: keyof Options & string): Options {
  const unexpected = checkEntries("options", options).find(([key]) => key !== name);
  if (unexpected === undefined) return options;
  const [key, value] = unexpected;
  // The value of an unknown option may be a password, so the message shows only its kind.
  throw new InvalidOptionError(key, value, `left out: the only option is ${name}`, kindOf(value));
}

const resultOf = async <T>(work: () => T): Promise<T> => work();

interface PendingWork {
  run(): void;
  lose(): void;
}

const down = failed("notReady", "the node is down");
const lost = failed("connection", "the node crashed before it answered");

export class InProcessNode implements MemoryNode {
  readonly keyspace = { prefix: "", database: 0 };
  readonly sharded = false;
  readonly renewsEach = true;
  #store = this.#newStore();
  #sets = new MemorySets();
  #generation = 1;
  /** A new node has a complete memory: it has granted nothing. */
  #marker: string;
  #connection: Connection = "ready";
  #hanging = false;
  #pending: PendingWork[] = [];
  readonly #listeners = new ConnectionListeners();
  readonly #channels = new Map<string, Channel>();

  constructor(
    readonly name: string,
    readonly serial: number,
    readonly clock: Clock,
  ) {
    this.#marker = formatMarker(serial, this.#runId, 0);
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
      // The channel has no listeners to notify yet.
      this.#updateChannel(channel);
    }
    const own = channel;
    const remove = own.add(listener);
    return () => {
      if (remove() && own.size === 0) this.#channels.delete(name);
    };
  }

  /**
   * Delivers a message to the subscribers of a channel, in order: asynchronously, and not before `wake` if the node
   * hangs. Returns the current number of subscribers.
   */
  deliver(channel: string, message: string): number {
    const listening = this.#channels.get(channel)?.size ?? 0;
    if (this.#connection !== "ready" || listening === 0) return 0;
    const generation = this.#generation;
    const notifyListeners = () => {
      if (this.#connection !== "ready" || generation !== this.#generation) return;
      this.#channels.get(channel)?.message(message);
    };
    if (this.#hanging) this.#pending.push({ run: () => afterJobs(notifyListeners), lose: () => {} });
    else afterJobs(notifyListeners);
    return listening;
  }

  publish(channel: string, message: string): Promise<number> {
    return this.#run(
      () => this.deliver(channel, message),
      () => Promise.reject(new Error(`${this.name} is not connected`)),
    );
  }

  connect(): void {}

  async close(): Promise<void> {}

  identify(id: string, change: MemoryChange | null, age = 0): Promise<Identification> {
    return this.#run(
      () => {
        checkVersion(this.#marker);
        if (id !== "" && !this.#marker.includes(`.${this.#runId} `))
          this.#marker = formatLoss(id, this.#runId);
        if (change !== null && change.marker === this.#marker) this.#changeMemory(id, change);
        const now = Math.ceil(this.clock.monotonic());
        const { watermark } = this.#store;
        const longLeft = this.#store.longLeft(now, age);
        return readMarker(this.#marker, { runId: this.#runId, now, watermark, longLeft });
      },
      () => Promise.reject(new Error(`${this.name} is not connected`)),
    );
  }

  recordSets(sets: string, former: string, watermark: number): Promise<SetRecord> {
    const isDown = () => Promise.reject(new Error(`${this.name} is not connected`));
    return this.#run(() => {
      checkVersion(this.#marker);
      if (this.#hasWatermark) this.#store.raiseWatermark(watermark);
      const uses = this.#sets.record(sets, former, this.clock.monotonic());
      return { watermark: this.#store.watermark, uses };
    }, isDown);
  }

  execute({ mark, requests }: Batch): void {
    if (this.#connection !== "ready") {
      for (const request of requests) request.answered(down);
      return;
    }
    void this.#run(
      () => requests.map(({ command }) => this.#apply(command, mark)),
      () => requests.map(() => lost),
    ).then((replies) => {
      for (const [index, request] of requests.entries()) request.answered(replies[index] ?? lost);
    });
  }

  crash(): void {
    if (this.#connection === "down") return;
    this.#hanging = false;
    for (const request of this.#pending.splice(0)) request.lose();
    this.#change("down", new Error(`${this.name} crashed`));
  }

  restart(options: { readonly keepMemory?: boolean | undefined } = {}): void {
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
    this.#sets = new MemorySets();
    this.#marker = "";
  }

  hang(): void {
    if (this.#connection === "ready") this.#hanging = true;
  }

  wake(): void {
    this.#hanging = false;
    for (const request of this.#pending.splice(0)) request.run();
  }

  get #runId(): string {
    return `${this.serial}x${this.#generation}`;
  }

  /** Whether a server would store a watermark: since it was given a memory, or since the first fence. */
  get #hasWatermark(): boolean {
    return this.#store.watermark > 0 || /^[^?]/.test(this.#marker);
  }

  #apply(command: LockCommand, mark: string | null): Reply {
    if (mark !== null && needsMemory(command)) {
      if (!this.#marker.startsWith(`${mark} `) || !mark.endsWith(`.${this.#runId}`)) return memoryLost;
      const longest = Number(this.#marker.slice(mark.length).split(" ")[1]);
      if ("ttl" in command && command.ttl > longest && command.ttl <= longestShort) {
        this.#marker = formatMarker(mark.slice(0, -this.#runId.length - 1), this.#runId, command.ttl);
      }
    }
    return this.#store.apply(command, this.clock.monotonic());
  }

  #changeMemory(id: string, { abstention, longest, watermark }: MemoryChange): void {
    this.#store.raiseWatermark(watermark);
    this.#marker = formatMarker(id, this.#runId, longest, abstention);
  }

  #newStore(): MemoryStore {
    return new MemoryStore((channel, message) => {
      this.deliver(channel, message);
    });
  }

  /** Runs `work` now or at `wake`. The result is delivered asynchronously, or replaced by `onLost` after a crash. */
  async #run<T>(work: () => T, onLost: () => T | Promise<T>): Promise<T> {
    if (this.#connection !== "ready") return onLost();
    if (!this.#hanging) {
      const { result, generation } = { result: work(), generation: this.#generation };
      await undefined;
      return this.#connection === "ready" && generation === this.#generation ? result : onLost();
    }
    return new Promise<T>((resolve) => {
      this.#pending.push({ run: () => resolve(resultOf(work)), lose: () => resolve(onLost()) });
    });
  }

  /** A subscription is confirmed as soon as the node can answer. */
  #updateChannel(channel: Channel): void {
    if (this.#connection !== "ready") channel.setState("unsubscribed");
    else if (!this.#hanging) channel.setState("subscribed");
    else this.#pending.push({ run: () => channel.setState("subscribed"), lose: () => {} });
  }

  #change(connection: Connection, cause?: Error): void {
    this.#connection = connection;
    this.#listeners.notify(connection, cause);
    for (const channel of this.#channels.values()) this.#updateChannel(channel);
  }
}
