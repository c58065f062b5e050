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
import type { SeededRandom } from "./seeded-random.js";
import type { Server } from "./server.js";
import { SimulatedSubscription } from "./simulated-subscription.js";

/** How messages travel between one host and one node. */
export interface NetworkPath {
  /** ms that most messages take, each way, at the most. */
  readonly usual: number;
  /** The share of those that take longer, and how many ms at the most. */
  readonly slow: number;
  readonly slowest: number;
  /** Whether the client sends by itself again, on a new connection, what was not answered on the old one. */
  readonly resends: boolean;
  /** The share of what was under way on a dead connection that arrives all the same, some time later. */
  readonly afterlife: number;
  /** The share of wake-up messages that is lost. */
  readonly deaf: number;
}

/** What the user's client is like. */
export interface ClientBehaviour {
  /** It has nothing but `set` and `eval`: it tells nothing of its connection, and cannot be told to open another one. */
  readonly plain: boolean;
  /** ms after which it gives up on a call by itself; null: never. */
  readonly timeout: number | null;
}

/** What is heard of what passes over the links. */
export interface LinkWatch {
  sent(batch: Batch): void;
  note(who: string, what: string, ...details: readonly (string | number)[]): void;
}

/** What was sent, and not answered yet. */
interface Message {
  readonly label: string;
  readonly batch: Batch | null;
  /** At the node: calls back with what is to be done with the reply. */
  readonly perform: (reply: (arrived: () => void) => void) => void;
  readonly lost: () => void;
  /** Whether it brings the script along, which the node lacked. */
  readonly whole?: boolean;
}

/** A message on its way. */
interface MessageInTransit {
  readonly message: Message;
  gone: boolean;
}

const notReady = failure("notReady", "not connected");
const connectionLost = failure("connection", "the connection was lost");
const queueFull = failure("overloaded", "The queue is full");
const timedOut = failure("timeout", "Command timed out");
const givenUp = failure("refused", "given up before it was sent");

/** ms within which a connection is replaced once. */
const replacementPause = 1_000;

/** The last letters of a token tell it apart. */
const labelOf = (command: LockCommand): string =>
  `${command.op} ${command.keys.join(",")}${"token" in command ? ` ${command.token.slice(-4)}` : ""}`;

const introductionLabel = (change: MemoryChange | null): string => {
  if (change === null) return "introduce";
  const { abstention } = change;
  return abstention === null
    ? "introduce, and vote"
    : `introduce, and abstain until ${Math.ceil(abstention.until)}`;
};

type ConnectionListener = (connection: Connection, cause?: Error) => void;

/**
 * One host's own connection to one node, with the promises that real clients keep, and no others: a live connection
 * delivers in order and loses nothing; a dead one fails what it had not answered, whatever became of it.
 */
export class Link implements LockNode {
  readonly name: string;
  readonly keyspace = { prefix: "", database: 0 };
  readonly sharded = false;
  readonly opaque: boolean;
  connection: Connection;
  readonly replaceConnection?: () => Replacement;
  /** True time at which the node granted something last, as this host heard. */
  grantedAt = Number.NEGATIVE_INFINITY;
  readonly listeners = new Set<ConnectionListener>();
  readonly subscriptions = new Set<SimulatedSubscription>();
  /** Counts connections. */
  private wire = 0;
  /** The server's, when the connection was made. */
  private life = 0;
  private broken = true;
  private readonly unanswered = new Set<Message>();
  /** What the client will send again when it is connected. */
  private readonly resending = new Set<Message>();
  private readonly transits = new Set<MessageInTransit>();
  private thereFree = 0;
  private backFree = 0;
  /** What waits for a partition to end, each way; a direction that is cut is counted. */
  private cutsThere = 0;
  private cutsBack = 0;
  private heldThere: MessageInTransit[] = [];
  private heldBack: (() => void)[] = [];
  private ended = false;
  /** The connection is half-open: nothing passes, either way, and nobody is told. */
  private mute = false;
  /** Reasons why the client takes no more requests. */
  private fullness = 0;
  private replacedAt = Number.NEGATIVE_INFINITY;
  /** ms that a message takes at least and at most, once the network is well. */
  private calm: readonly [least: number, most: number] | null = null;

  constructor(
    readonly host: Host,
    readonly server: Server,
    private readonly random: SeededRandom,
    private readonly path: NetworkPath,
    private readonly client: ClientBehaviour,
    private readonly watching: LinkWatch,
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
        label: introductionLabel(change),
        batch: null,
        perform: (reply) =>
          this.server.identify(id, change, age, (identification) =>
            reply(() => (identification instanceof Error ? fail(identification) : resolve(identification))),
          ),
        lost: () => fail(connectionLost),
      });
      this.bound(
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
    this.watching.sent(batch);
    this.call(batch, requests.map(({ command }) => labelOf(command)).join("; "));
    this.bound(
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

  /** ms that one message takes. */
  delay(): number {
    const { usual, slow, slowest } = this.path;
    if (this.calm !== null) return this.random.between(...this.calm);
    return this.random.flip(slow) ? this.random.between(usual, slowest) : this.random.between(0.05, usual);
  }

  /** The network is well from now on, and takes so many ms for a message. */
  calmDown(least: number, most: number): void {
    this.calm = [least, most];
  }

  get deaf(): boolean {
    if (this.calm !== null && !this.mute) return false;
    return this.mute || this.cutsBack > 0 || this.random.flip(this.path.deaf);
  }

  /** From now on nothing passes over this connection, either way, and neither end is told. */
  silence(): void {
    if (this.client.plain || this.broken || this.ended) return;
    this.mute = true;
    this.watching.note(this.host.name, "is cut off from", this.name);
  }

  /** The client takes no more requests, until as many `drain` have followed. */
  fill(): void {
    this.fullness++;
  }

  drain(): void {
    this.fullness--;
  }

  /** Whether something that may leave this token behind is under way, or will be. */
  owes(token: string): boolean {
    const underWay = [...this.transits, ...this.heldThere].map(({ message }) => message);
    return [...this.unanswered, ...this.resending, ...underWay].some(
      ({ batch }) =>
        batch?.requests.some(({ command }) => claims(command) && command.token === token) === true,
    );
  }

  /** The connection breaks, at both ends; the client hears of it, and connects anew after a while. */
  reset(cause: string): void {
    if (this.broken || this.ended) return;
    this.broken = true;
    this.mute = false;
    this.wire++;
    this.watching.note(this.host.name, "lost", this.name, cause);
    for (const transit of [...this.transits, ...this.heldThere]) this.orphan(transit);
    this.transits.clear();
    this.heldThere = [];
    this.heldBack = [];
    for (const subscription of this.subscriptions) subscription.deafen();
    this.host.run(() => this.noticeLoss(cause));
  }

  /** Its server has died, which is heard of unless nothing comes from there. */
  orphaned(): void {
    const { wire } = this;
    this.host.timeline.in(this.delay(), () => {
      if (wire === this.wire && this.cutsBack === 0 && !this.mute) this.reset("the server died");
    });
  }

  /** Nothing arrives in these directions until `mend`. */
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

  /** The user closes the client, or the process is gone. */
  end(): void {
    this.ended = true;
    this.wire++;
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

  /** The client may give up by itself, wherever the request is by then. */
  private bound(giveUp: () => void, lost: () => void): void {
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
      perform: (reply) => {
        if (!whole && !this.server.knowsScript) return reply(() => this.sendWhole(batch, label));
        this.server.knowsScript = true;
        this.server.execute(mark, commands, (replies) =>
          reply(() => answer((index) => replies[index] ?? connectionLost)),
        );
      },
      lost: () => answer(() => connectionLost),
    });
  }

  /** The node lacks the script: it is sent once more, with what is still wanted. */
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
    // Written to a connection that is gone already, which the process has yet to notice.
    if (this.broken) return;
    if (this.cutsThere > 0 || this.mute) {
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
    if (this.mute) return void this.heldThere.push(transit);
    if (!this.server.up || this.server.life !== this.life) return this.reset("refused");
    const { wire } = this;
    const { label, perform } = transit.message;
    this.watching.note(this.name, "does", this.host.name, label);
    perform((arrived) => {
      if (wire !== this.wire) return;
      const receive = () => {
        if (wire === this.wire && !this.mute) this.host.run(() => this.hear(transit.message, arrived));
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

  private hear(message: Message, arrived: () => void): void {
    if (!this.unanswered.delete(message)) return;
    this.watching.note(this.host.name, "hears", this.name, message.label);
    arrived();
  }

  /** What a dead connection had under way is lost, unless the node gets it all the same. */
  private orphan({ message }: MessageInTransit): void {
    const { perform, label } = message;
    if (!this.random.flip(this.path.afterlife)) return;
    this.host.timeline.in(this.random.between(0, 2_000), () => {
      if (!this.server.up) return;
      this.watching.note(this.name, "does late", this.host.name, label);
      perform(() => {});
    });
  }

  private noticeLoss(cause: string): void {
    // It was lost again before the process had noticed that it was back.
    if (this.connection !== "ready") return this.reconnect(this.random.between(1, 150));
    const lost = [...this.unanswered];
    this.unanswered.clear();
    // It says nothing: what is sent again is answered as if nothing had been, and what is not is never answered.
    if (this.client.plain) return this.reconnect(this.random.between(1, 150), this.path.resends ? lost : []);
    if (this.path.resends) for (const message of lost) this.resending.add(message);
    this.connection = "down";
    for (const message of lost) message.lost();
    for (const listener of [...this.listeners]) listener("down", new Error(cause));
    for (const subscription of this.subscriptions) subscription.fall();
    this.reconnect(this.random.between(1, 150), this.path.resends ? lost : []);
  }

  private reconnect(delay: number, resent: readonly Message[] = []): void {
    this.host.timeline.in(delay, () => {
      if (this.ended) return;
      if (!this.server.up || this.cutsThere > 0 || this.cutsBack > 0) {
        return this.reconnect(this.random.between(10, 150), resent);
      }
      this.broken = false;
      this.life = this.server.life;
      this.host.run(() => this.noticeConnection(resent));
    });
  }

  private noticeConnection(resent: readonly Message[]): void {
    if (this.broken) return;
    this.thereFree = this.backFree = this.host.timeline.now;
    // In front of whatever is asked from now on; its answers are nobody's.
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
    this.watching.note(this.host.name, "reaches", this.name);
    for (const listener of [...this.listeners]) listener("ready");
    for (const subscription of this.subscriptions) subscription.open();
  }
}

/** A client that gives up on a call tells nothing of it any more. */
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
