import { failure } from "../../clients/failure.js";
import { lostAfter } from "../../clients/plain.js";
import type {
  Batch,
  Connection,
  LockNode,
  Replacement,
  Reply,
  Request,
  SubscriptionListener,
} from "../../engine/node/lock-node.js";
import { claims, type LockCommand, needsMemory } from "../../engine/protocol/command.js";
import type { Identification, MemoryChange } from "../../engine/protocol/memory.js";
import type { Host } from "./host.js";
import type { ClientBehaviour, LinkWatch, Message, MessageInTransit, NetworkPath } from "./network-path.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Server } from "./server.js";
import { SimulatedSubscription } from "./simulated-subscription.js";

const notReady = failure("notReady", "not connected");
const connectionLost = failure("connection", "the connection was lost");
const queueFull = failure("overloaded", "The queue is full");
const timedOut = failure("timeout", "Command timed out");
const givenUp = failure("refused", "given up before it was sent");

/** Minimum time between two replacements of a connection, in ms. */
const replacementPause = 1_000;

/** Names a command in the trace; the last four characters of the token identify the token. */
const labelOf = (command: LockCommand): string =>
  `${command.op} ${command.keys.join(",")}${"token" in command ? ` ${command.token.slice(-4)}` : ""}`;

const identificationLabel = (change: MemoryChange | null): string => {
  if (change === null) return "introduce";
  const { abstention } = change;
  return abstention === null
    ? "introduce, and vote"
    : `introduce, and abstain until ${Math.ceil(abstention.until)}`;
};

type ConnectionListener = (connection: Connection, cause?: Error) => void;

/**
 * The connection of one host to one node, with the guarantees of real clients and no others: a live connection delivers
 * in order and loses nothing; a dead connection fails its unanswered requests, whether or not the node executed them.
 */
export class Link implements LockNode {
  readonly name: string;
  readonly keyspace = { prefix: "", database: 0 };
  readonly sharded = false;
  readonly opaque: boolean;
  connection: Connection;
  readonly replaceConnection?: () => Replacement;
  /** True time at which this host last received a grant from the node. */
  grantedAt = Number.NEGATIVE_INFINITY;
  readonly listeners = new Set<ConnectionListener>();
  readonly subscriptions = new Set<SimulatedSubscription>();
  /** Counts the connections, so that a callback can detect that its connection is gone. */
  private connectionCount = 0;
  /** The server's incarnation when the connection was made. */
  private incarnation = 0;
  private broken = true;
  private readonly unanswered = new Set<Message>();
  /** Requests that the client will resend once connected. */
  private readonly resending = new Set<Message>();
  private readonly transits = new Set<MessageInTransit>();
  private thereFree = 0;
  private backFree = 0;
  /** The number of cuts in effect, per direction, and the messages held until the cuts end. */
  private cutsThere = 0;
  private cutsBack = 0;
  private heldThere: MessageInTransit[] = [];
  private heldBack: (() => void)[] = [];
  private ended = false;
  /** Whether the connection is half-open: nothing passes in either direction, and neither end is notified. */
  private halfOpen = false;
  /** The number of reasons why the client's queue is full. */
  private fullness = 0;
  private replacedAt = Number.NEGATIVE_INFINITY;
  /** Minimum and maximum latency in ms once the network has recovered; null while faults occur. */
  private latency: readonly [least: number, most: number] | null = null;

  constructor(
    readonly host: Host,
    readonly server: Server,
    private readonly random: SeededRandom,
    private readonly path: NetworkPath,
    private readonly client: ClientBehaviour,
    private readonly watcher: LinkWatch,
  ) {
    this.name = server.name;
    this.connection = client.plain ? "ready" : "connecting";
    this.opaque = client.plain;
    if (!client.plain) this.replaceConnection = () => this.replace();
    this.reconnect(this.random.flip(0.5) ? 0 : this.random.between(0, 20));
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

  connect(): void {}

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

  async close(): Promise<void> {}

  /** Picks the latency of one message, in ms. */
  delay(): number {
    const { usual, slow, slowest } = this.path;
    if (this.latency !== null) return this.random.between(...this.latency);
    return this.random.flip(slow) ? this.random.between(usual, slowest) : this.random.between(0.05, usual);
  }

  /** Marks the network as recovered: from now on each message takes between `least` and `most` ms. */
  setLatency(least: number, most: number): void {
    this.latency = [least, most];
  }

  /** Whether the next wake-up message is lost. */
  get losesWakeup(): boolean {
    if (this.latency !== null && !this.halfOpen) return false;
    return this.halfOpen || this.cutsBack > 0 || this.random.flip(this.path.wakeupLoss);
  }

  /** Makes the connection half-open: from now on nothing passes in either direction, and neither end is notified. */
  makeHalfOpen(): void {
    if (this.client.plain || this.broken || this.ended) return;
    this.halfOpen = true;
    this.watcher.note(this.host.name, "is cut off from", this.name);
  }

  /** Makes the client refuse requests until `drain` has been called equally often. */
  fill(): void {
    this.fullness++;
  }

  drain(): void {
    this.fullness--;
  }

  /** Whether a request that claims keys for this token may still reach the node. */
  mayDeliverClaim(token: string): boolean {
    const underWay = [...this.transits, ...this.heldThere].map(({ message }) => message);
    return [...this.unanswered, ...this.resending, ...underWay].some(
      ({ batch }) =>
        batch?.requests.some(({ command }) => claims(command) && command.token === token) === true,
    );
  }

  /** Breaks the connection at both ends. The client is notified, and reconnects after a while. */
  reset(cause: string): void {
    if (this.broken || this.ended) return;
    this.broken = true;
    this.halfOpen = false;
    this.connectionCount++;
    this.watcher.note(this.host.name, "lost", this.name, cause);
    for (const transit of [...this.transits, ...this.heldThere]) this.loseInTransit(transit);
    this.transits.clear();
    this.heldThere = [];
    this.heldBack = [];
    for (const subscription of this.subscriptions) subscription.detach();
    this.host.run(() => this.noticeLoss(cause));
  }

  /** The server died. The host notices this unless nothing arrives from the server. */
  serverDied(): void {
    const { connectionCount } = this;
    this.host.timeline.in(this.delay(), () => {
      if (connectionCount === this.connectionCount && this.cutsBack === 0 && !this.halfOpen)
        this.reset("the server died");
    });
  }

  /** Holds messages in these directions until `mend` has been called equally often. */
  cut(there: boolean, back: boolean): void {
    if (there) this.cutsThere++;
    if (back) this.cutsBack++;
  }

  mend(there: boolean, back: boolean): void {
    if (there && --this.cutsThere === 0) this.sendHeld();
    if (back && --this.cutsBack === 0) for (const arrive of this.heldBack.splice(0)) this.sendBack(arrive);
  }

  private sendHeld(): void {
    for (const transit of this.heldThere.splice(0)) this.send(transit);
  }

  /** Ends the link: the user closed the client, or the process ended. */
  end(): void {
    this.ended = true;
    this.connectionCount++;
    this.heldBack = [];
    for (const subscription of this.subscriptions) subscription.close();
    this.subscriptions.clear();
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
        if (answered.kind === "granted" && needsMemory(request.command))
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

  private post(message: Message): void {
    this.unanswered.add(message);
    this.send({ message, gone: false });
  }

  private send(transit: MessageInTransit): void {
    // The connection is broken, but the process has not noticed yet.
    if (this.broken) return;
    if (this.cutsThere > 0 || this.halfOpen) {
      this.heldThere.push(transit);
      return;
    }
    const { timeline } = this.host;
    this.thereFree = Math.max(this.thereFree, timeline.now + this.delay());
    this.transits.add(transit);
    timeline.at(this.thereFree, () => this.arrive(transit));
  }

  private arrive(transit: MessageInTransit): void {
    if (!this.transits.delete(transit)) return;
    if (this.halfOpen) return void this.heldThere.push(transit);
    if (!this.server.up || this.server.incarnation !== this.incarnation) return this.reset("refused");
    const { connectionCount } = this;
    const { label, runAtServer } = transit.message;
    this.watcher.note(this.name, "does", this.host.name, label);
    runAtServer((arrived) => {
      if (connectionCount !== this.connectionCount) return;
      const receive = () => {
        if (connectionCount === this.connectionCount && !this.halfOpen)
          this.host.run(() => this.receive(transit.message, arrived));
      };
      if (this.cutsBack > 0) this.heldBack.push(receive);
      else this.sendBack(receive);
    });
  }

  private sendBack(receive: () => void): void {
    const { timeline } = this.host;
    this.backFree = Math.max(this.backFree, timeline.now + this.delay());
    timeline.at(this.backFree, receive);
  }

  private receive(message: Message, arrived: () => void): void {
    if (!this.unanswered.delete(message)) return;
    this.watcher.note(this.host.name, "hears", this.name, message.label);
    arrived();
  }

  /** Loses a message in transit on a dead connection, or delivers it late. */
  private loseInTransit({ message }: MessageInTransit): void {
    const { runAtServer, label } = message;
    if (!this.random.flip(this.path.lateDelivery)) return;
    this.host.timeline.in(this.random.between(0, 2_000), () => {
      if (!this.server.up) return;
      this.watcher.note(this.name, "does late", this.host.name, label);
      runAtServer(() => {});
    });
  }

  private noticeLoss(cause: string): void {
    // The connection was lost again before the process noticed that it was back.
    if (this.connection !== "ready") return this.reconnect(this.random.between(1, 150));
    const lost = [...this.unanswered];
    this.unanswered.clear();
    // A plain client reports nothing: resent requests are answered normally, and the others are never answered.
    if (this.client.plain) return this.reconnect(this.random.between(1, 150), this.path.resends ? lost : []);
    if (this.path.resends) for (const message of lost) this.resending.add(message);
    this.connection = "down";
    for (const message of lost) message.lost();
    for (const listener of [...this.listeners]) listener("down", new Error(cause));
    for (const subscription of this.subscriptions) subscription.notifyUnsubscribed();
    this.reconnect(this.random.between(1, 150), this.path.resends ? lost : []);
  }

  private reconnect(delay: number, resent: readonly Message[] = []): void {
    this.host.timeline.in(delay, () => {
      if (this.ended) return;
      if (!this.server.up || this.cutsThere > 0 || this.cutsBack > 0) {
        return this.reconnect(this.random.between(10, 150), resent);
      }
      this.broken = false;
      this.incarnation = this.server.incarnation;
      this.host.run(() => this.noticeConnection(resent));
    });
  }

  private noticeConnection(resent: readonly Message[]): void {
    if (this.broken) return;
    this.thereFree = this.backFree = this.host.timeline.now;
    // Resent before any new request. Unless the client is plain, the replies are discarded.
    for (const message of resent) {
      const { batch, label } = message;
      this.resending.delete(message);
      if (batch === null) continue;
      const again = { ...message, label: `${label} again` };
      if (this.client.plain) this.unanswered.add(again);
      this.send({ message: again, gone: false });
    }
    if (this.client.plain) return;
    this.connection = "ready";
    this.watcher.note(this.host.name, "reaches", this.name);
    for (const listener of [...this.listeners]) listener("ready");
    for (const subscription of this.subscriptions) subscription.open();
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
