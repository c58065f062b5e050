import type { Batch, Connection, Keyspace, LockNode, Reply, Request, WakeListener } from "../engine/node.js";
import {
  batchScript,
  batchScriptSha,
  decodeReply,
  encodeBatch,
  garbage,
  identityKey,
  identityScript,
} from "../engine/script.js";
import { sideKeysOf } from "../engine/side-keys.js";
import { redirectAddress, sameSlot, slotOf } from "./cluster.js";
import { type Failure, failure, failureOf, messageOf, serverCode } from "./failure.js";
import type { ConnectionListener } from "./listeners.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";

/** Commands in one call; more are split, so that no call keeps the server busy for long. */
const commandsPerCall = 500;
/** A slot that moves more often than this during one call is not followed any further. */
const maxRedirections = 3;
/** Refused as a whole and without effect, for what one of several commands may have caused. */
const splittable = new Set(["NOPERM", "CROSSSLOT", "TRYAGAIN", "ASK"]);
const tooBig = /too big|too many|too long|invalid (multi)?bulk length/i;
const noPermission = /^NOPERM|can't run this command/;

const givenUp = failure("refused", "given up before it was sent");
const scattered = failure("refused", "CROSSSLOT the keys are in different hash slots of the Cluster");

/** Commands that go out as one call, and how. */
interface Call {
  readonly identity: string | null;
  readonly requests: readonly Request[];
  readonly to: ScriptConnection;
  /** Send the whole script, because the server does not have it. */
  readonly whole: boolean;
  readonly redirections: number;
}

/** The one lock node over Redis, whatever the client. */
export class RedisNode implements LockNode {
  constructor(private readonly client: ScriptClient) {}

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

  connect(): void {
    this.client.connect();
  }

  subscribe(channel: string, listener: WakeListener): (() => void) | null {
    return this.client.subscribe?.(channel, listener) ?? null;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async identify(): Promise<string | null> {
    // The key finds one server of a Cluster; elsewhere it would only ask for one more permission.
    const keys = this.sharded || this.keyspace === null ? [identityKey] : [];
    let to = (await this.client.route(identityKey)) ?? unconnected;
    for (let redirections = 0; ; redirections++) {
      if (!to.ready) throw new Error(`${this.name}: ${this.#notReady().message}`);
      try {
        const runId = await to.eval(identityScript, keys, []);
        const text = runId instanceof Uint8Array ? Buffer.from(runId).toString() : runId;
        return typeof text === "string" && text !== "" ? text : null;
      } catch (error) {
        if (noPermission.test(messageOf(error))) return null;
        if (serverCode(error) !== "MOVED" || !this.sharded || redirections === maxRedirections) {
          throw new Error(`${this.name}: ${messageOf(error)}`);
        }
        to = await this.#moved(error, identityKey);
      }
    }
  }

  async execute({ identity, requests }: Batch): Promise<Reply[]> {
    if (this.connection !== "ready") return requests.map(() => this.#notReady());
    const replies: Reply[] = new Array(requests.length).fill(scattered);
    const groups = this.#groups(requests).map(async (indices) => {
      const group = indices.map((index) => requests[index] as Request);
      const answers = await this.#send(identity, group);
      indices.forEach((index, at) => {
        replies[index] = answers[at] ?? garbage(undefined);
      });
    });
    await Promise.all(groups);
    return replies;
  }

  /** Indices of the requests that go out as one call: in a Cluster those of one hash slot. */
  #groups(requests: readonly Request[]): number[][] {
    const prefix = this.keyspace?.prefix ?? "";
    const groups = new Map<number, number[]>();
    const full: number[][] = [];
    for (const [index, { command }] of requests.entries()) {
      const keys = this.sharded ? command.keys.map((key) => prefix + key) : [];
      if (!sameSlot(keys)) continue;
      const slot = keys[0] === undefined ? 0 : slotOf(keys[0]);
      const group = groups.get(slot) ?? [];
      groups.set(slot, group);
      group.push(index);
      if (group.length === commandsPerCall) {
        full.push(group);
        groups.delete(slot);
      }
    }
    return [...full, ...groups.values()];
  }

  async #send(identity: string | null, requests: readonly Request[]): Promise<Reply[]> {
    const call = { identity, requests, whole: false, redirections: 0 };
    const route = this.client.route(requests[0]?.command.keys[0] ?? "");
    if (!(route instanceof Promise)) return this.#call({ ...call, to: route ?? unconnected });
    const to = (await route) ?? unconnected;
    return resend(requests, (kept) => this.#call({ ...call, requests: kept, to }));
  }

  async #call(call: Call): Promise<Reply[]> {
    const { to, whole, requests } = call;
    if (!to.ready) return requests.map(() => this.#notReady());
    const { keys, args } = encodeBatch(
      call.identity,
      requests.map(({ command }) => command),
      sideKeysOf(this.sharded, this.keyspace),
    );
    try {
      const known = whole ? null : to.evalsha;
      const raw = await (known === null
        ? to.eval(batchScript, keys, args)
        : known(batchScriptSha, keys, args));
      return decodeReplies(requests, raw);
    } catch (error) {
      return this.#recover(call, error);
    }
  }

  /** What was refused without effect may be sent again, in order, as far as it is still wanted. */
  async #recover(call: Call, error: unknown): Promise<Reply[]> {
    const { requests } = call;
    const code = serverCode(error);
    if (code === "NOSCRIPT" && !call.whole) {
      return resend(requests, (kept) => this.#call({ ...call, requests: kept, whole: true }));
    }
    const redirections = call.redirections + 1;
    if (code === "MOVED" && this.sharded && redirections <= maxRedirections) {
      const to = await this.#moved(error, requests[0]?.command.keys[0] ?? "");
      return resend(requests, (kept) => this.#call({ ...call, requests: kept, to, redirections }));
    }
    if (requests.length > 1 && (splittable.has(code) || tooBig.test(messageOf(error)))) {
      return resend(requests, (kept) =>
        each(kept, (request) => this.#call({ ...call, requests: [request] })),
      );
    }
    if (code === "ASK" && this.sharded && redirections <= maxRedirections) {
      const to = (await this.client.at?.(redirectAddress(error))) ?? unconnected;
      return resend(requests, (kept) => {
        if (to.ready) to.asking?.();
        // The permission is good for one call: it must not be spent on a script that the server lacks.
        return this.#call({ ...call, requests: kept, to, whole: true, redirections });
      });
    }
    const answer = failureOf(error);
    return requests.map(() => answer);
  }

  #notReady(): Failure {
    const { trouble } = this.client;
    return failure("notReady", trouble === "" ? "not connected" : `not connected: ${trouble}`);
  }

  /** Where a key has moved to; the client is told, so that later calls go there at once. */
  async #moved(error: unknown, key: string): Promise<ScriptConnection> {
    const learnt = this.client.refresh?.(key);
    const to = await this.client.at?.(redirectAddress(error));
    if (to) return to;
    await learnt;
    return (await this.client.route(key)) ?? unconnected;
  }
}

/** Stands for the connection that is not there. */
const unconnected: ScriptConnection = {
  ready: false,
  evalsha: null,
  eval: () => Promise.reject(new Error("not connected")),
};

/** Releases are always sent again; everything else only while somebody waits for it. */
async function resend(
  requests: readonly Request[],
  send: (kept: readonly Request[]) => Promise<Reply[]>,
): Promise<Reply[]> {
  const keep = requests.map((request) => request.command.op === "release" || request.wanted());
  const kept = requests.filter((_, index) => keep[index]);
  const replies = kept.length === 0 ? [] : await send(kept);
  let next = 0;
  return keep.map((sent) => (sent ? (replies[next++] ?? garbage(undefined)) : givenUp));
}

async function each(
  requests: readonly Request[],
  send: (request: Request) => Promise<Reply[]>,
): Promise<Reply[]> {
  return (await Promise.all(requests.map(send))).flat();
}

function decodeReplies(requests: readonly Request[], raw: unknown): Reply[] {
  if (!Array.isArray(raw) || raw.length !== requests.length) return requests.map(() => garbage(raw));
  return requests.map(({ command }, index) => decodeReply(command, raw[index]));
}
