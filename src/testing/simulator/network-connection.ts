import type { Connection } from "../../engine/node/lock-node.js";
import { claims } from "../../engine/protocol/traits.js";
import type { Host } from "./host.js";
import type { ClientBehaviour, LinkWatch, Message, MessageInTransit, NetworkPath } from "./network-path.js";
import type { SeededRandom } from "./seeded-random.js";
import type { Server } from "./server.js";
import type { SimulatedSubscription } from "./simulated-subscription.js";

export type ConnectionListener = (connection: Connection, cause?: Error) => void;

/**
 * The network between one host and one node, with the guarantees of TCP and no others: a live connection delivers in order and
 * loses nothing; a dead connection fails its unanswered requests, whether or not the node executed them.
 */
export abstract class NetworkConnection {
  readonly name: string;
  connection: Connection;
  readonly listeners = new Set<ConnectionListener>();
  readonly subscriptions = new Set<SimulatedSubscription>();
  /** Counts the connections, so that a callback can detect that its connection is gone. */
  protected connectionCount = 0;
  /** The server's incarnation when the connection was made. */
  protected incarnation = 0;
  protected broken = true;
  protected readonly unanswered = new Set<Message>();
  /** Requests that the client will resend once connected. */
  protected readonly resending = new Set<Message>();
  protected readonly transits = new Set<MessageInTransit>();
  /** Messages of dead connections that will still arrive. */
  private readonly late = new Set<MessageInTransit>();
  protected thereFree = 0;
  protected backFree = 0;
  /** The number of cuts in effect, per direction, and the messages held until the cuts end. */
  protected cutsThere = 0;
  protected cutsBack = 0;
  protected heldThere: MessageInTransit[] = [];
  protected heldBack: (() => void)[] = [];
  protected ended = false;
  /** Whether the connection is half-open: nothing passes in either direction, and neither end is notified. */
  protected halfOpen = false;
  /** Minimum and maximum latency in ms once the network has recovered; null while faults occur. */
  protected latency: readonly [least: number, most: number] | null = null;

  constructor(
    readonly host: Host,
    readonly server: Server,
    protected readonly random: SeededRandom,
    protected readonly path: NetworkPath,
    protected readonly client: ClientBehaviour,
    protected readonly watcher: LinkWatch,
  ) {
    this.name = server.name;
    this.connection = client.plain ? "ready" : "connecting";
    this.reconnect(this.random.flip(0.5) ? 0 : this.random.between(0, 20));
  }

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

  /** Whether a request that claims keys for this token may still reach the node. */
  mayDeliverClaim(token: string): boolean {
    const underWay = [...this.transits, ...this.heldThere, ...this.late].map(({ message }) => message);
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

  protected sendHeld(): void {
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

  protected post(message: Message): void {
    this.unanswered.add(message);
    this.send({ message, gone: false });
  }

  protected send(transit: MessageInTransit): void {
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

  protected arrive(transit: MessageInTransit): void {
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

  protected sendBack(receive: () => void): void {
    const { timeline } = this.host;
    this.backFree = Math.max(this.backFree, timeline.now + this.delay());
    timeline.at(this.backFree, receive);
  }

  protected receive(message: Message, arrived: () => void): void {
    if (!this.unanswered.delete(message)) return;
    this.watcher.note(this.host.name, "hears", this.name, message.label);
    arrived();
  }

  /** Loses a message in transit on a dead connection, or delivers it late. */
  protected loseInTransit(transit: MessageInTransit): void {
    const { runAtServer, label } = transit.message;
    if (!this.random.flip(this.path.lateDelivery)) return;
    this.late.add(transit);
    this.host.timeline.in(this.random.between(0, 2_000), () => {
      this.late.delete(transit);
      if (!this.server.up) return;
      this.watcher.note(this.name, "does late", this.host.name, label);
      runAtServer(() => {});
    });
  }

  protected noticeLoss(cause: string): void {
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

  protected reconnect(delay: number, resent: readonly Message[] = []): void {
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

  protected noticeConnection(resent: readonly Message[]): void {
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
