import { lostAfter } from "../../clients/plain.js";
import type {
  Batch,
  LockNode,
  Replacement,
  Reply,
  Request,
  SubscriptionListener,
} from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import type { Identification, MemoryChange } from "../../engine/protocol/memory.js";
import { failed, givenUp } from "../../engine/protocol/refusal.js";
import type { SetRecord } from "../../engine/protocol/set-record.js";
import { needsMemory } from "../../engine/protocol/traits.js";
import type { Host } from "./host.js";
import { type ConnectionListener, NetworkConnection } from "./network-connection.js";
import type { ClientBehaviour, LinkWatch, NetworkPath } from "./network-path.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Server } from "./server.js";
import { SimulatedSubscription } from "./simulated-subscription.js";

const notReady = failed("notReady", "not connected");
const connectionLost = failed("connection", "the connection was lost");
const queueFull = failed("overloaded", "The queue is full");
const timedOut = failed("timeout", "Command timed out");

/** Minimum time between two replacements of a connection, in ms. */
const replacementPause = 1_000;

/** Names a command in the trace; the last four characters of the token identify the token. */
const labelOf = (command: LockCommand): string =>
  `${command.op} ${command.keys.join(",")}${"token" in command ? ` ${command.token.slice(-4)}` : ""}`;

const identificationLabel = (change: MemoryChange | null): string => {
  if (change === null) return "identify";
  const { abstention } = change;
  return abstention === null
    ? "identify, and vote"
    : `identify, and abstain until ${Math.ceil(abstention.until)}`;
};

/** The connection of one host to one node, as a lock node with the guarantees of real clients. */
export class Link extends NetworkConnection implements LockNode {
  readonly keyspace = { prefix: "", database: 0 };
  readonly sharded = false;
  readonly renewsEach = true;
  readonly opaque: boolean;
  readonly replaceConnection?: () => Replacement;
  recordSets?: (sets: string, former: string, watermark: number) => Promise<SetRecord>;
  /** True time at which this host last received a grant from the node. */
  grantedAt = Number.NEGATIVE_INFINITY;
  /** The number of reasons why the client's queue is full. */
  private fullness = 0;
  private replacedAt = Number.NEGATIVE_INFINITY;

  constructor(
    host: Host,
    server: Server,
    random: SeededRandom,
    path: NetworkPath,
    client: ClientBehaviour,
    watcher: LinkWatch,
  ) {
    super(host, server, random, path, client, watcher);
    this.opaque = client.plain;
    if (!client.plain) this.replaceConnection = () => this.replace();
  }

  get trouble(): string {
    return this.connection === "down" ? "the connection was lost" : "";
  }

  watch(listener: ConnectionListener): () => void {
    if (this.client.plain) return () => {};
    const own: ConnectionListener = (connection, cause) => listener(connection, cause);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  identify(id: string, change: MemoryChange | null, age = 0): Promise<Identification> {
    return new Promise((resolve, reject) => {
      const fail = ({ message }: { message: string }) => reject(new Error(message));
      if (this.connection !== "ready") return fail(connectionLost);
      if (this.fullness > 0) return fail(queueFull);
      this.post({
        label: identificationLabel(change),
        batch: null,
        runAtServer: (reply) =>
          this.server.identify(id, change, age, (identification) =>
            reply(() => (identification instanceof Error ? fail(identification) : resolve(identification))),
          ),
        lost: () => fail(connectionLost),
      });
      this.abandonAfterTimeout(
        () => fail(timedOut),
        () => fail(connectionLost),
      );
    });
  }

  /** Lets the host record which sets of nodes it uses, as it does in runs in which the nodes are changed. */
  offerRecords(): void {
    this.recordSets = (sets, former, watermark) =>
      new Promise((resolve, reject) => {
        const lost = () => reject(new Error(connectionLost.message));
        if (this.connection !== "ready" || this.fullness > 0) return lost();
        this.post({
          label: sets === "" ? "ask for sets" : `record ${sets}`,
          batch: null,
          runAtServer: (reply) =>
            this.server.recordSets(sets, former, watermark, (record) => reply(() => resolve(record))),
          lost,
        });
        this.abandonAfterTimeout(lost, lost);
      });
  }

  execute({ mark, requests: asked }: Batch): void {
    const requests = this.client.plain || this.client.timeout !== null ? asked.map(once) : asked;
    const batch = { mark, requests };
    if (this.connection !== "ready") return answerAll(batch, notReady);
    if (this.fullness > 0) return answerAll(batch, queueFull);
    this.watcher.sent(batch);
    this.call(batch, requests.map(({ command }) => labelOf(command)).join("; "));
    this.abandonAfterTimeout(
      () => answerAll(batch, timedOut),
      () => answerAll(batch, connectionLost),
    );
  }

  subscribe(channel: string, listener: SubscriptionListener): (() => void) | null {
    if (this.client.plain) return null;
    const subscription = new SimulatedSubscription(this, channel, listener);
    this.subscriptions.add(subscription);
    if (this.connection === "ready") subscription.open();
    return () => {
      subscription.close();
      this.subscriptions.delete(subscription);
    };
  }

  connect(): void {}

  async close(): Promise<void> {}

  /** Makes the client refuse requests until `drain` has been called equally often. */
  fill(): void {
    this.fullness++;
  }

  drain(): void {
    this.fullness--;
  }

  private replace(): Replacement {
    const { timeline } = this.host;
    if (timeline.now - this.replacedAt < replacementPause) return "tooSoon";
    this.replacedAt = timeline.now;
    if (!this.broken) this.reset("replaced");
    return "replacing";
  }

  /** Schedules the client's own timeouts, which apply wherever the request is at that time. */
  private abandonAfterTimeout(giveUp: () => void, lost: () => void): void {
    if (this.client.timeout !== null) this.host.later(this.client.timeout, giveUp);
    if (this.client.plain) this.host.later(lostAfter, lost);
  }

  private call(batch: Batch, label: string, whole = false): void {
    const { mark, requests } = batch;
    const answer = (reply: (index: number) => Reply) => {
      for (const [index, request] of requests.entries()) {
        const answered = reply(index);
        if ((answered.kind === "granted" || answered.kind === "partly") && needsMemory(request.command))
          this.grantedAt = this.host.timeline.now;
        request.answered(answered);
      }
    };
    const commands = requests.map(({ command }) => command);
    this.post({
      label: whole ? `${label} with the script` : label,
      batch,
      whole,
      runAtServer: (reply) => {
        if (!whole && !this.server.knowsScript) return reply(() => this.sendWhole(batch, label));
        this.server.knowsScript = true;
        this.server.execute(mark, commands, (replies) =>
          reply(() => answer((index) => replies[index] ?? connectionLost)),
        );
      },
      lost: () => answer(() => connectionLost),
    });
  }

  /** Sends the requests that are still wanted again, with the script, which the node lacks. */
  private sendWhole({ mark, requests }: Batch, label: string): void {
    const wanted = requests.filter((request) => request.command.op === "release" || request.wanted());
    for (const request of requests) if (!wanted.includes(request)) request.answered(givenUp);
    if (wanted.length === 0) return;
    const batch = { mark, requests: wanted };
    if (this.connection === "ready") this.call(batch, label, true);
    else answerAll(batch, notReady);
  }
}

/** Wraps a request so that only the first answer counts: a client that gave up on a call ignores its later reply. */
function once(request: Request): Request {
  let over = false;
  return {
    command: request.command,
    wanted: () => !over && request.wanted(),
    answered(reply) {
      if (over) return;
      over = true;
      request.answered(reply);
    },
  };
}

function answerAll({ requests }: Batch, reply: Reply): void {
  for (const request of requests) request.answered(reply);
}
