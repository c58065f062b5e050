import type {
  Batch,
  Connection,
  Keyspace,
  LockNode,
  Replacement,
  Request,
  SubscriptionListener,
} from "../engine/node/lock-node.js";
import { decodeIdentification, encodeBatch, encodeIdentification } from "../engine/protocol/encoding.js";
import type { Identification, MemoryChange } from "../engine/protocol/memory.js";
import {
  batchScript,
  batchScriptSha,
  identificationScript,
  publishScript,
  runIdScript,
} from "../engine/protocol/script.js";
import {
  longLeasesKey,
  markerKey,
  probeKey,
  type SideKeys,
  sideKeysOf,
} from "../engine/protocol/side-keys.js";
import { type Clock, systemClock } from "../engine/time/clock.js";
import { sameSlot, slotOf } from "./cluster.js";
import type { ConnectionListener } from "./connection-listeners.js";
import { ConnectionReplacer } from "./connection-replacer.js";
import { type Failure, failure, failureOf, messageOf, serverCode } from "./failure.js";
import { Redirections, unconnected } from "./redirections.js";
import { groupRequests, splittable, tooBig } from "./request-groups.js";
import { answerAll, answerEach, stillWanted } from "./request-replies.js";
import { forgetScript, knownScript } from "./script-cache.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";
import { hasQueue, sendKeyByKey, tryAgain, withoutQueue } from "./slot-migration.js";

/** Redirections that one call follows, in case its slot keeps moving. */
const maxRedirections = 3;
const noPermission = /^NOPERM|can't run this command/;

const evalForbidden = /'eval'/i;

/** In a Cluster: the number of routing keys for PUBLISH, tried in rotation until one leads to a server with subscribers. */
const publishSlots = 32;

/** Commands that are sent as one call. */
interface Call {
  readonly mark: string | null;
  readonly requests: readonly Request[];
  readonly to: ScriptConnection;
  /** Send the whole script, because the server does not have it. */
  readonly whole: boolean;
  /** Leave the queues out, because the server's access list forbids them. */
  readonly queueless: boolean;
  /** Leave the queues out of this call, because their slot is being moved. */
  readonly migrating: boolean;
  readonly redirections: number;
}

/** The lock node over Redis, for every client. */
export class RedisNode implements LockNode {
  readonly #sideKeys: SideKeys;
  /** An access list forbids the queues, and so every call that names a queue key. */
  #queueless = false;
  #publishSlot = 0;
  readonly #replacer: ConnectionReplacer;
  readonly #redirections: Redirections;

  constructor(
    private readonly client: ScriptClient,
    clock: Clock = systemClock,
  ) {
    this.#sideKeys = sideKeysOf(client.sharded, () => client.keyspace?.prefix ?? "");
    this.#redirections = new Redirections(client);
    this.#replacer = new ConnectionReplacer(client, clock);
  }

  get name(): string {
    return this.client.name;
  }

  get keyspace(): Keyspace | null {
    return this.client.keyspace;
  }

  get sharded(): boolean {
    return this.client.sharded;
  }

  get connection(): Connection {
    return this.client.connection;
  }

  get trouble(): string {
    return this.client.trouble;
  }

  watch(listener: ConnectionListener): () => void {
    return this.client.watch(listener);
  }

  get opaque(): boolean {
    return this.client.opaque ?? false;
  }

  get writesLater(): boolean {
    return this.client.writesLater ?? false;
  }

  connect(): void {
    this.client.connect();
  }

  replaceConnection(): Replacement {
    return this.#replacer.replace("silence");
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.client.subscribe?.(channel, listener) ?? null;
  }

  async publish(channel: string, message: string): Promise<number> {
    const key = `${channel}:${this.#publishSlot}`;
    const run = () => this.#runScript(publishScript, this.sharded ? [key] : [], [channel, message], key);
    const receivers = await run().catch((error: unknown) => {
      throw new Error(`${this.name}: ${messageOf(error)}`);
    });
    if (typeof receivers !== "number") throw new Error(`${this.name}: not the reply to PUBLISH`);
    // All servers of a Cluster pass the message on, but each counts only its own subscribers.
    if (receivers === 0) this.#publishSlot = (this.#publishSlot + 1) % publishSlots;
    return receivers;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async identify(id: string, change: MemoryChange | null, age = 0): Promise<Identification> {
    const keys = this.sharded ? [probeKey] : [markerKey, this.#sideKeys.watermark(""), longLeasesKey];
    const whole = () => this.#runScript(identificationScript, keys, encodeIdentification(id, change, age));
    // An access list may permit no keys beside the locks. The run id may be forbidden as well.
    const alone = () => this.#runScript(runIdScript, this.sharded ? [probeKey] : [], []);
    for (const run of [whole, alone]) {
      try {
        return decodeIdentification(await run());
      } catch (error) {
        if (!noPermission.test(messageOf(error))) throw new Error(`${this.name}: ${messageOf(error)}`);
      }
    }
    return { runId: null, id: null, memory: null };
  }

  execute({ mark, requests }: Batch): void {
    if (this.connection !== "ready") return answerAll(requests, this.#notReady());
    if (requests.length === 1 && !this.sharded) return this.#send(mark, requests);
    for (const group of groupRequests(requests, (keys) => this.#slot(keys))) this.#send(mark, group);
  }

  /** Runs a script on the server; in a Cluster on the server that has the key. */
  async #runScript(
    script: string,
    keys: readonly string[],
    args: readonly string[],
    routingKey = probeKey,
  ): Promise<unknown> {
    let to = (await this.client.route(routingKey)) ?? unconnected;
    for (let redirections = 0; ; redirections++) {
      if (!to.ready) throw new Error(this.#notReady().message);
      try {
        const reply = await to.eval(script, keys, args);
        // A replica may answer this script too, so the reply resets only the backoff.
        this.#replacer.answered();
        return reply;
      } catch (error) {
        this.#replacer.noteRefusal(messageOf(error));
        const code = serverCode(error);
        if ((code !== "MOVED" && code !== "ASK") || !this.sharded || redirections === maxRedirections)
          throw error;
        to = await (code === "ASK"
          ? this.#redirections.importer(error)
          : this.#redirections.newOwner(error, routingKey));
        if (code === "ASK" && to.ready) to.asking?.();
      }
    }
  }

  /** Null if the keys do not share a slot. */
  #slot(keys: readonly string[]): number | null {
    if (!this.sharded) return 0;
    const prefix = this.keyspace?.prefix ?? "";
    const stored = keys.map((key) => prefix + key);
    return sameSlot(stored) ? slotOf(stored[0] ?? "") : null;
  }

  #send(mark: string | null, requests: readonly Request[], migrating = false): void {
    const callTo = (to: ScriptConnection | null, kept = requests): void =>
      this.#call({
        mark,
        requests: kept,
        to: to ?? unconnected,
        whole: false,
        queueless: this.#queueless,
        migrating,
        redirections: 0,
      });
    const route = this.client.route(requests[0]?.command.keys[0] ?? "");
    if (!(route instanceof Promise)) return callTo(route);
    route.then(
      (to) => callTo(to, stillWanted(requests)),
      (error: unknown) => answerAll(requests, failureOf(error)),
    );
  }

  #call(call: Call): void {
    const { to, requests, queueless } = call;
    if (requests.length === 0) return;
    if (!to.ready) return answerAll(requests, this.#notReady());
    const withoutQueues = queueless || call.migrating;
    const sent = withoutQueues
      ? requests.map(({ command }) => ({ command: withoutQueue(command) }))
      : requests;
    const { keys, args } = encodeBatch(call.mark, sent, this.#sideKeys);
    const known = call.whole ? null : knownScript(to);
    const recover = (error: unknown) => {
      this.#recover(call, error, known === null).catch((next: unknown) =>
        answerAll(requests, failureOf(next)),
      );
    };
    let reply: Promise<unknown>;
    try {
      reply = known === null ? to.eval(batchScript, keys, args) : known(batchScriptSha, keys, args);
    } catch (error) {
      return recover(error);
    }
    Promise.resolve(reply).then((raw) => {
      // The call was refused with queues and accepted without them.
      if (queueless) this.#queueless = true;
      this.#replacer.noteRefusal(answerEach(requests, raw));
    }, recover);
  }

  /** Sends requests again that were refused without effect: in order, and only those still wanted. */
  async #recover(call: Call, error: unknown, sentWhole: boolean): Promise<void> {
    const { requests, to } = call;
    const code = serverCode(error);
    this.#replacer.noteRefusal(messageOf(error));
    if (code === "NOSCRIPT" && !sentWhole) {
      return this.#call({ ...call, requests: stillWanted(requests), whole: true });
    }
    // The server may know the script already, and forbid only EVAL.
    if (code === "NOPERM" && sentWhole && !call.whole && evalForbidden.test(messageOf(error))) {
      return this.#call({ ...call, requests: stillWanted(requests) });
    }
    // The server may not have received the script, or may have refused the call before reading it.
    forgetScript(to);
    const redirections = call.redirections + 1;
    const key = requests[0]?.command.keys[0] ?? "";
    if (code === "MOVED" && this.sharded && redirections <= maxRedirections) {
      const owner = await this.#redirections.newOwner(error, key);
      return this.#call({ ...call, requests: stillWanted(requests), to: owner, redirections });
    }
    if (code === "NOPERM" && !call.queueless && requests.some(hasQueue)) {
      const kept = stillWanted(requests);
      // Only the same requests, repeated without queues, prove that the queues were the cause.
      return this.#call({ ...call, requests: kept, queueless: kept.length === requests.length });
    }
    if (requests.length > 1 && (splittable.has(code) || tooBig.test(messageOf(error)))) {
      const queueless = this.#queueless;
      for (const request of stillWanted(requests)) this.#call({ ...call, requests: [request], queueless });
      return;
    }
    if (code === "TRYAGAIN" && this.sharded) return this.#sendFewerKeys(call, messageOf(error));
    if (code === "ASK" && this.sharded && redirections <= maxRedirections) {
      const importing = await this.#redirections.importer(error);
      const kept = stillWanted(requests);
      if (kept.length > 0 && importing.ready) importing.asking?.();
      // ASKING permits one call only: a NOSCRIPT reply would waste it, so the whole script is sent.
      return this.#call({ ...call, requests: kept, to: importing, whole: true, redirections });
    }
    answerAll(requests, failureOf(error));
  }

  /** Retries single requests in a slot that is being moved: first without the queue, then one key at a time. */
  #sendFewerKeys(call: Call, message: string): void {
    for (const request of stillWanted(call.requests)) {
      if (!call.migrating && !call.queueless && hasQueue(request)) this.#send(call.mark, [request], true);
      else if (!sendKeyByKey(request, (one) => this.#send(call.mark, [one]))) {
        request.answered(tryAgain(message));
      }
    }
  }

  #notReady(): Failure {
    const { trouble } = this.client;
    return failure("notReady", trouble === "" ? "not connected" : `not connected: ${trouble}`);
  }
}
