import type {
  Batch,
  Connection,
  Keyspace,
  LockNode,
  Replacement,
  Request,
  SubscriptionListener,
} from "../engine/node/lock-node.js";
import { encodeBatch } from "../engine/protocol/encoding.js";
import { slotOf } from "../engine/protocol/hash-slot.js";
import type { Identification, MemoryChange } from "../engine/protocol/memory.js";
import { batchScript, batchScriptSha } from "../engine/protocol/script.js";
import type { SetRecord } from "../engine/protocol/set-record.js";
import type { Clock } from "../engine/time/clock.js";
import { systemClock } from "../engine/time/system-clock.js";
import { soleCaller } from "../support/async-context.js";
import { type Call, CallRecovery, type CallSender } from "./call-recovery.js";
import { sameSlot } from "./cluster.js";
import type { ConnectionListener } from "./connection-listeners.js";
import { ConnectionReplacer } from "./connection-replacer.js";
import { failureOf, notReady } from "./failure.js";
import { Redirections, unconnected } from "./redirections.js";
import { silence } from "./replacement.js";
import { groupRequests } from "./request-groups.js";
import { answerAll, answerEach, stillWanted } from "./request-replies.js";
import { knownScript } from "./script-cache.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";
import { ServerScripts } from "./server-scripts.js";
import { Sharding } from "./sharding.js";
import { withoutQueue } from "./slot-migration.js";

/** The lock node over Redis, for every client. */
export class RedisNode implements LockNode, CallSender {
  queueless = false;
  readonly name: string;
  readonly opaque: boolean;
  readonly writesLater: boolean;
  readonly #sharding: Sharding;
  readonly #replacer: ConnectionReplacer;
  readonly #recovery: CallRecovery;
  readonly #scripts: ServerScripts;

  constructor(
    private readonly client: ScriptClient,
    clock: Clock = systemClock,
  ) {
    const { name, opaque = false, writesLater = false } = client;
    this.name = name;
    this.opaque = opaque;
    this.writesLater = writesLater;
    this.#sharding = new Sharding(client);
    const redirections = new Redirections(client);
    this.#replacer = new ConnectionReplacer(client, clock, this.#sharding);
    this.#recovery = new CallRecovery(this, this.#sharding, this.#replacer, redirections);
    this.#scripts = new ServerScripts(client, this.#sharding, this.#replacer, redirections);
  }

  get sharded(): boolean {
    return this.#sharding.active;
  }

  /** In a Cluster, the keys of many locks have many hash slots. */
  get renewsEach(): boolean {
    return !this.sharded;
  }

  get keyspace(): Keyspace | null {
    return this.client.keyspace;
  }

  get connection(): Connection {
    return this.client.connection;
  }

  get trouble(): string {
    return this.client.trouble ?? "";
  }

  get troubleLasts(): boolean {
    return this.client.troubleLasts ?? false;
  }

  watch(listener: ConnectionListener): () => void {
    return this.client.watch(listener);
  }

  connect(): void {
    this.client.connect?.();
  }

  replaceConnection(): Replacement {
    return this.#replacer.replace(silence);
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.client.subscribe?.(channel, listener) ?? null;
  }

  publish(channel: string, message: string): Promise<number> {
    return this.#scripts.publish(channel, message);
  }

  identify(id: string, change: MemoryChange | null, age = 0): Promise<Identification> {
    return this.#scripts.identify(id, change, age);
  }

  recordSets(sets: string, former: string, watermark: number): Promise<SetRecord> {
    return this.#scripts.recordSets(sets, former, watermark);
  }

  async close(): Promise<void> {
    await this.client.close?.();
  }

  execute({ mark, requests }: Batch): void {
    if (this.connection !== "ready") return answerAll(requests, notReady(this.client));
    if (requests.length === 1 && !this.sharded) return this.send(mark, requests);
    for (const group of groupRequests(requests, (keys) => this.#slot(keys))) this.send(mark, group);
  }

  /** Sends requests to the server that has their keys. */
  send(mark: string | null, requests: readonly Request[], migrating = false): void {
    const route = this.client.route(requests[0]?.command.keys[0] ?? "");
    if (!(route instanceof Promise)) return this.#sendTo(route, mark, requests, migrating);
    route.then(
      (to) => this.#sendTo(to, mark, stillWanted(requests), migrating),
      (error: unknown) => answerAll(requests, failureOf(error)),
    );
  }

  #sendTo(
    route: ScriptConnection | null,
    mark: string | null,
    requests: readonly Request[],
    migrating: boolean,
  ): void {
    const to = route ?? unconnected;
    const { queueless } = this;
    this.call({ mark, requests, to, whole: false, queueless, migrating, redirections: 0, repeats: 0 });
  }

  call(call: Call): void {
    const { mark, requests, to } = call;
    if (requests.length === 0) return;
    if (!to.ready) return answerAll(requests, notReady(this.client));
    const sent = call.queueless || call.migrating ? requests.map(queuelessRequest) : requests;
    const { keys, args } = encodeBatch(mark, sent, this.#sharding.sideKeys);
    const known = call.whole ? null : knownScript(to);
    const recover = (error: unknown) => this.#recovery.recover(call, error, known === null);
    const send = () =>
      known === null ? to.eval(batchScript, keys, args) : known(batchScriptSha, keys, args);
    // One batch may become several calls, each with one caller.
    const caller = this.sharded || requests.length === 1 ? soleCaller(requests) : null;
    let reply: Promise<unknown>;
    try {
      reply = caller === null ? send() : caller.runInAsyncScope(send);
    } catch (error) {
      return recover(error);
    }
    Promise.resolve(reply).then((raw) => {
      // The call was refused with queues and accepted without them.
      if (call.queueless) this.queueless = true;
      this.#replacer.noteRefusal(answerEach(requests, raw));
    }, recover);
  }

  /** Null if the keys do not share a slot. */
  #slot(keys: readonly string[]): number | null {
    if (!this.sharded) return 0;
    const prefix = this.keyspace?.prefix ?? "";
    const stored = keys.map((key) => prefix + key);
    return sameSlot(stored) ? slotOf(stored[0] ?? "") : null;
  }
}

const queuelessRequest = ({ command }: Request) => ({ command: withoutQueue(command) });
