import type {
  Batch,
  Connection,
  Keyspace,
  LockNode,
  Replacement,
  Reply,
  Request,
  SubscriptionListener,
} from "../engine/node/lock-node.js";
import type { LockCommand } from "../engine/protocol/command.js";
import {
  decodeIntroduction,
  decodeReply,
  encodeBatch,
  encodeIntroduction,
  garbage,
} from "../engine/protocol/encoding.js";
import type { Identification, MemoryChange } from "../engine/protocol/memory.js";
import {
  batchScript,
  batchScriptSha,
  introductionScript,
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
import { redirectAddress, sameSlot, slotOf } from "./cluster.js";
import type { ConnectionListener } from "./connection-listeners.js";
import { type Failure, failure, failureOf, messageOf, serverCode } from "./failure.js";
import { backoffOf, type ReplacementBackoff, type ReplacementCause } from "./replacement.js";
import { forgetScript, knownScript } from "./script-cache.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";
import { askKeyByKey, hasQueue, tryAgain, withoutQueue } from "./slot-migration.js";
import { WrongServerDetector } from "./wrong-server.js";

/** Commands in one call; more are split, so that no call keeps the server busy for long. */
const commandsPerCall = 500;
/** Characters of keys and tokens in one call. */
const charactersPerCall = 256 * 1024;
/** A slot that moves more often than this during one call is not followed any further. */
const maxRedirections = 3;
/** Refused as a whole and without effect, for what one of several commands may have caused. */
const splittable = new Set(["NOPERM", "CROSSSLOT", "TRYAGAIN", "ASK"]);
const tooBig = /too big|too many|too long|invalid (multi)?bulk length/i;
const noPermission = /^NOPERM|can't run this command/;

const evalForbidden = /'eval'/i;

/** In a Cluster: places from which is published, in turn, until one of them is where somebody listens. */
const places = 32;

const givenUp = failure("refused", "given up before it was sent");
const scattered = failure("refused", "CROSSSLOT the keys are in different hash slots of the Cluster");

interface Group {
  readonly requests: Request[];
  /** Characters of keys and tokens. */
  size: number;
}

/** Commands that go out as one call, and how. */
interface Call {
  readonly mark: string | null;
  readonly requests: readonly Request[];
  readonly to: ScriptConnection;
  /** Send the whole script, because the server does not have it. */
  readonly whole: boolean;
  /** Leave the queues out, because the server permits none. */
  readonly queueless: boolean;
  /** Leave the queues out this time, because their slot is being moved. */
  readonly migrating: boolean;
  readonly redirections: number;
}

/** The one lock node over Redis, whatever the client. */
export class RedisNode implements LockNode {
  readonly #sideKeys: SideKeys;
  /** An access list forbids the queues, and with them every call that names one. */
  #queueless = false;
  #place = 0;
  readonly #backoff: ReplacementBackoff;
  readonly #wrongServer: WrongServerDetector;

  constructor(
    private readonly client: ScriptClient,
    clock: Clock = systemClock,
  ) {
    this.#sideKeys = sideKeysOf(client.sharded, () => client.keyspace?.prefix ?? "");
    this.#backoff = backoffOf(client, clock);
    this.#wrongServer = new WrongServerDetector(clock);
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
    return this.#replace("silence");
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    return this.client.subscribe?.(channel, listener) ?? null;
  }

  async publish(channel: string, message: string): Promise<number> {
    const place = `${channel}:${this.#place}`;
    const ask = () => this.#ask(publishScript, this.sharded ? [place] : [], [channel, message], place);
    const heard = await ask().catch((error: unknown) => {
      throw new Error(`${this.name}: ${messageOf(error)}`);
    });
    if (typeof heard !== "number") throw new Error(`${this.name}: not the reply to PUBLISH`);
    // All servers of a Cluster pass it on, but each counts its own listeners only.
    if (heard === 0) this.#place = (this.#place + 1) % places;
    return heard;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async identify(id: string, change: MemoryChange | null, age = 0): Promise<Identification> {
    const keys = this.sharded ? [probeKey] : [markerKey, this.#sideKeys.watermark(""), longLeasesKey];
    const whole = () => this.#ask(introductionScript, keys, encodeIntroduction(id, change, age));
    // It may permit no keys beside the locks, or not even to be asked for its run id.
    const alone = () => this.#ask(runIdScript, this.sharded ? [probeKey] : [], []);
    for (const ask of [whole, alone]) {
      try {
        return decodeIntroduction(await ask());
      } catch (error) {
        if (!noPermission.test(messageOf(error))) throw new Error(`${this.name}: ${messageOf(error)}`);
      }
    }
    return { runId: null, id: null, memory: null };
  }

  execute({ mark, requests }: Batch): void {
    if (this.connection !== "ready") return answerAll(requests, this.#notReady());
    if (requests.length === 1 && !this.sharded) return this.#send(mark, requests);
    for (const group of this.#groups(requests)) this.#send(mark, group);
  }

  /** One script for the server itself; in a Cluster for the one that has this key. */
  async #ask(
    script: string,
    keys: readonly string[],
    args: readonly string[],
    by = probeKey,
  ): Promise<unknown> {
    let to = (await this.client.route(by)) ?? unconnected;
    for (let redirections = 0; ; redirections++) {
      if (!to.ready) throw new Error(this.#notReady().message);
      try {
        const reply = await to.eval(script, keys, args);
        // A replica may be asked who it is, and is then not the server that takes the locks.
        this.#backoff.answered();
        return reply;
      } catch (error) {
        this.#noteRefusal(messageOf(error));
        const code = serverCode(error);
        if ((code !== "MOVED" && code !== "ASK") || !this.sharded || redirections === maxRedirections)
          throw error;
        to = await (code === "ASK" ? this.#asked(error) : this.#moved(error, by));
        if (code === "ASK" && to.ready) to.asking?.();
      }
    }
  }

  /** What goes out as one call: bounded, and in a Cluster the requests of one hash slot. */
  #groups(requests: readonly Request[]): Request[][] {
    const open = new Map<number, Group>();
    const groups: Request[][] = [];
    for (const request of requests) {
      const slot = this.#slot(request.command.keys);
      if (slot === null) {
        request.answered(scattered);
        continue;
      }
      const size = sizeOf(request.command);
      let group = open.get(slot);
      if (
        group === undefined ||
        group.requests.length === commandsPerCall ||
        group.size + size > charactersPerCall
      ) {
        group = { requests: [], size: 0 };
        open.set(slot, group);
        groups.push(group.requests);
      }
      group.requests.push(request);
      group.size += size;
    }
    return groups;
  }

  /** Null where the keys have not one slot in common. */
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
    const bare = queueless || call.migrating;
    const sent = bare ? requests.map(({ command }) => ({ command: withoutQueue(command) })) : requests;
    const { keys, args } = encodeBatch(call.mark, sent, this.#sideKeys);
    const known = call.whole ? null : knownScript(to);
    const recover = (error: unknown) => {
      this.#recover(call, error, known === null).catch((again: unknown) =>
        answerAll(requests, failureOf(again)),
      );
    };
    let reply: Promise<unknown>;
    try {
      reply = known === null ? to.eval(batchScript, keys, args) : known(batchScriptSha, keys, args);
    } catch (error) {
      return recover(error);
    }
    Promise.resolve(reply).then((raw) => {
      // It was refused with queues, and was not without.
      if (queueless) this.#queueless = true;
      this.#noteRefusal(answerEach(requests, raw));
    }, recover);
  }

  /** What was refused without effect may be sent again, in order, as far as it is still wanted. */
  async #recover(call: Call, error: unknown, sentWhole: boolean): Promise<void> {
    const { requests, to } = call;
    const code = serverCode(error);
    this.#noteRefusal(messageOf(error));
    if (code === "NOSCRIPT" && !sentWhole) {
      return this.#call({ ...call, requests: stillWanted(requests), whole: true });
    }
    // The script may be there already, and only sending it whole be forbidden.
    if (code === "NOPERM" && sentWhole && !call.whole && evalForbidden.test(messageOf(error))) {
      return this.#call({ ...call, requests: stillWanted(requests) });
    }
    // The server may not have seen the script at all, or have refused it before looking at it.
    forgetScript(to);
    const redirections = call.redirections + 1;
    const key = requests[0]?.command.keys[0] ?? "";
    if (code === "MOVED" && this.sharded && redirections <= maxRedirections) {
      const owner = await this.#moved(error, key);
      return this.#call({ ...call, requests: stillWanted(requests), to: owner, redirections });
    }
    if (code === "NOPERM" && !call.queueless && requests.some(hasQueue)) {
      const kept = stillWanted(requests);
      // Only the same requests once more, without queues, show that it was the queues.
      return this.#call({ ...call, requests: kept, queueless: kept.length === requests.length });
    }
    if (requests.length > 1 && (splittable.has(code) || tooBig.test(messageOf(error)))) {
      const queueless = this.#queueless;
      for (const request of stillWanted(requests)) this.#call({ ...call, requests: [request], queueless });
      return;
    }
    if (code === "TRYAGAIN" && this.sharded) return this.#sendFewerKeys(call, messageOf(error));
    if (code === "ASK" && this.sharded && redirections <= maxRedirections) {
      const importing = await this.#asked(error);
      const kept = stillWanted(requests);
      if (kept.length > 0 && importing.ready) importing.asking?.();
      // The permission is good for one call: it must not be spent on a script that the server lacks.
      return this.#call({ ...call, requests: kept, to: importing, whole: true, redirections });
    }
    answerAll(requests, failureOf(error));
  }

  /** Of one request, in a slot that is being moved: first without its queue, then one key at a time. */
  #sendFewerKeys(call: Call, message: string): void {
    for (const request of stillWanted(call.requests)) {
      if (!call.migrating && !call.queueless && hasQueue(request)) this.#send(call.mark, [request], true);
      else if (!askKeyByKey(request, (one) => this.#send(call.mark, [one]))) {
        request.answered(tryAgain(message));
      }
    }
  }

  #replace(cause: ReplacementCause): Replacement {
    if (this.client.replaceConnection === undefined) return "impossible";
    if (!this.#backoff.permits) return "tooSoon";
    try {
      const replacement = this.client.replaceConnection(cause);
      if (replacement === "replacing") this.#backoff.replaced();
      return replacement;
    } catch {
      return "impossible";
    }
  }

  /** What a server said when it refused; null where it did what it was asked for, or answered otherwise. */
  #noteRefusal(message: string | null): void {
    if (message === null) {
      this.#wrongServer.answered();
      this.#backoff.answered();
    } else if (this.#wrongServer.isWrong(message)) {
      this.#replace("wrongServer");
    }
  }

  #notReady(): Failure {
    const { trouble } = this.client;
    return failure("notReady", trouble === "" ? "not connected" : `not connected: ${trouble}`);
  }

  /** Where a key has moved to; the client is told, so that later calls go there at once. */
  async #moved(error: unknown, key: string): Promise<ScriptConnection> {
    const address = redirectAddress(error);
    const learnt = this.client.refresh?.(key, address);
    const known = await this.client.at?.(address);
    if (known) return known;
    await learnt;
    // The server that was asked who has the slot may not know yet; the one that redirected does.
    return (await this.#reach(address)) ?? (await this.client.route(key)) ?? unconnected;
  }

  /** The server to which a slot is being moved. The client does not know it while it has no other slot. */
  async #asked(error: unknown): Promise<ScriptConnection> {
    return (await this.#reach(redirectAddress(error))) ?? unconnected;
  }

  async #reach(address: string): Promise<ScriptConnection | null> {
    return (await this.client.at?.(address)) ?? (await this.client.open?.(address)) ?? null;
  }
}

function sizeOf(command: LockCommand): number {
  let size = "token" in command ? command.token.length : 0;
  for (const key of command.keys) size += key.length;
  return size;
}

/** Stands for the connection that is not there. */
const unconnected: ScriptConnection = {
  ready: false,
  evalsha: null,
  eval: () => Promise.reject(new Error("not connected")),
};

/** Releases are always sent again; everything else only while somebody waits for it. The others are answered. */
function stillWanted(requests: readonly Request[]): Request[] {
  return requests.filter((request) => {
    const keep = request.command.op === "release" || request.wanted();
    if (!keep) request.answered(givenUp);
    return keep;
  });
}

function answerAll(requests: readonly Request[], reply: Reply): void {
  for (const request of requests) request.answered(reply);
}

/** Returns what the server refused one of them with, if it did. */
function answerEach(requests: readonly Request[], raw: unknown): string | null {
  if (!Array.isArray(raw) || raw.length !== requests.length) {
    answerAll(requests, garbage(raw));
    return null;
  }
  let refusal: string | null = null;
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index] as Request;
    const reply = decodeReply(request.command, raw[index]);
    if (reply.kind === "failed" && reply.reason === "refused") refusal = reply.message;
    request.answered(reply);
  }
  return refusal;
}
