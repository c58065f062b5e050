import { failure } from "../../clients/failure.js";
import { elapsed, type Instant, now } from "../../engine/clock.js";
import { claims, type LockCommand } from "../../engine/command.js";
import type { Introduction, MemoryChange } from "../../engine/memory.js";
import type { Batch, Connection, LockNode, Reply, WakeListener } from "../../engine/node.js";
import type { Chance } from "./chance.js";
import { Ear } from "./ear.js";
import type { Host } from "./host.js";
import type { Server } from "./server.js";

/** How messages travel between one host and one node. */
export interface Road {
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

/** What is heard of what passes over the links. */
export interface LinkWatch {
  sent(batch: Batch): void;
  note(who: string, what: string, ...details: readonly (string | number)[]): void;
  /** The node will carry this out although its connection was dead, in whatever order. */
  late(node: string, batch: Batch): void;
}

/** What was sent, and not answered yet. */
interface Parcel {
  readonly label: string;
  /** By the clocks of its sender. */
  readonly since: Instant;
  readonly batch: Batch | null;
  /** At the node: calls back with what is to be done with the reply. */
  readonly perform: (reply: (arrived: () => void) => void) => void;
  readonly lost: () => void;
}

/** A message on its way. */
interface Transit {
  readonly parcel: Parcel;
  gone: boolean;
}

const notReady = failure("notReady", "not connected");
const connectionLost = failure("connection", "the connection was lost");

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

/** ms: releases are owed for no longer than the ttl of what they are to release, so what comes after that stays. */
const shortestOf = ({ requests }: Batch): number =>
  Math.min(...requests.map(({ command }) => (claims(command) ? command.ttl : Number.POSITIVE_INFINITY)));

type Watcher = (connection: Connection, cause?: Error) => void;

/**
 * One host's own connection to one node, with the promises that real clients keep, and no others: a live connection
 * delivers in order and loses nothing; a dead one fails what it had not answered, whatever became of it.
 */
export class Link implements LockNode {
  readonly name: string;
  readonly keyspace = { prefix: "", database: 0 };
  readonly sharded = false;
  connection: Connection = "connecting";
  readonly watchers = new Set<Watcher>();
  readonly ears = new Set<Ear>();
  /** Counts connections. */
  private wire = 0;
  /** The server's, when the connection was made. */
  private life = 0;
  private broken = true;
  private readonly unanswered = new Set<Parcel>();
  /** What the client will send again when it is connected. */
  private readonly resending = new Set<Parcel>();
  private readonly transits = new Set<Transit>();
  private thereFree = 0;
  private backFree = 0;
  /** What waits for a partition to end, each way; a direction that is cut is counted. */
  private cutsThere = 0;
  private cutsBack = 0;
  private heldThere: Transit[] = [];
  private heldBack: (() => void)[] = [];
  private ended = false;

  constructor(
    readonly host: Host,
    readonly server: Server,
    private readonly chance: Chance,
    private readonly road: Road,
    private readonly watching: LinkWatch,
  ) {
    this.name = server.name;
    this.reconnect(this.chance.flip(0.5) ? 0 : this.chance.between(0, 20));
  }

  get trouble(): string {
    return this.connection === "down" ? "the connection was lost" : "";
  }

  watch(listener: Watcher): () => void {
    const own: Watcher = (connection, cause) => listener(connection, cause);
    this.watchers.add(own);
    return () => this.watchers.delete(own);
  }

  connect(): void {}

  introduce(id: string, change: MemoryChange | null, age = 0): Promise<Introduction> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error(connectionLost.message));
      if (this.connection !== "ready") return lost();
      this.post({
        since: now(this.host.clock),
        label: introductionLabel(change),
        batch: null,
        perform: (reply) =>
          this.server.introduce(id, change, age, (introduction) => reply(() => resolve(introduction))),
        lost,
      });
    });
  }

  execute(batch: Batch): void {
    const { requests } = batch;
    const answer = (reply: (index: number) => Reply) => {
      for (const [index, request] of requests.entries()) request.answered(reply(index));
    };
    if (this.connection !== "ready") return answer(() => notReady);
    this.watching.sent(batch);
    const commands = requests.map(({ command }) => command);
    this.post({
      since: now(this.host.clock),
      label: commands.map(labelOf).join("; "),
      batch,
      perform: (reply) =>
        this.server.execute(batch.mark, commands, (replies) =>
          reply(() => answer((index) => replies[index] ?? connectionLost)),
        ),
      lost: () => answer(() => connectionLost),
    });
  }

  subscribe(channel: string, listener: WakeListener): () => void {
    const ear = new Ear(this, channel, listener);
    this.ears.add(ear);
    if (this.connection === "ready") ear.open();
    return () => {
      ear.close();
      this.ears.delete(ear);
    };
  }

  async close(): Promise<void> {}

  /** ms that one message takes. */
  delay(): number {
    const { usual, slow, slowest } = this.road;
    return this.chance.flip(slow) ? this.chance.between(usual, slowest) : this.chance.between(0.05, usual);
  }

  get deaf(): boolean {
    return this.cutsBack > 0 || this.chance.flip(this.road.deaf);
  }

  /** Whether something that may leave this token behind is under way, or will be. */
  owes(token: string): boolean {
    const leaves = ({ batch }: Parcel) =>
      batch?.requests.some(({ command }) => claims(command) && command.token === token) === true;
    const underWay = [...this.transits, ...this.heldThere].map(({ parcel }) => parcel);
    return [...this.unanswered, ...this.resending, ...underWay].some(leaves);
  }

  /** The connection breaks, at both ends; the client hears of it, and connects anew after a while. */
  reset(cause: string): void {
    if (this.broken || this.ended) return;
    this.broken = true;
    this.wire++;
    this.watching.note(this.host.name, "lost", this.name, cause);
    for (const transit of [...this.transits, ...this.heldThere]) this.orphan(transit);
    this.transits.clear();
    this.heldThere = [];
    this.heldBack = [];
    for (const ear of this.ears) ear.deafen();
    this.host.run(() => this.noticeLoss(cause));
  }

  /** Its server has died, which is heard of unless nothing comes from there. */
  orphaned(): void {
    const { wire } = this;
    this.host.timeline.in(this.delay(), () => {
      if (wire === this.wire && this.cutsBack === 0) this.reset("the server died");
    });
  }

  /** Nothing arrives in these directions until `mend`. */
  cut(there: boolean, back: boolean): void {
    if (there) this.cutsThere++;
    if (back) this.cutsBack++;
  }

  mend(there: boolean, back: boolean): void {
    if (there && --this.cutsThere === 0) for (const transit of this.heldThere.splice(0)) this.send(transit);
    if (back && --this.cutsBack === 0) for (const arrive of this.heldBack.splice(0)) this.sendBack(arrive);
  }

  /** The user closes the client, or the process is gone. */
  end(): void {
    this.ended = true;
    this.wire++;
    this.heldBack = [];
    for (const ear of this.ears) ear.close();
    this.ears.clear();
  }

  private post(parcel: Parcel): void {
    this.unanswered.add(parcel);
    this.send({ parcel, gone: false });
  }

  private send(transit: Transit): void {
    // Written to a connection that is gone already, which the process has yet to notice.
    if (this.broken) return;
    if (this.cutsThere > 0) {
      this.heldThere.push(transit);
      return;
    }
    const { timeline } = this.host;
    this.thereFree = Math.max(this.thereFree, timeline.now + this.delay());
    this.transits.add(transit);
    timeline.at(this.thereFree, () => this.arrive(transit));
  }

  private arrive(transit: Transit): void {
    if (!this.transits.delete(transit)) return;
    if (!this.server.up || this.server.life !== this.life) return this.reset("refused");
    const { wire } = this;
    const { label, perform } = transit.parcel;
    this.watching.note(this.name, "does", this.host.name, label);
    perform((arrived) => {
      if (wire !== this.wire) return;
      const receive = () => {
        if (wire === this.wire) this.host.run(() => this.hear(transit.parcel, arrived));
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

  private hear(parcel: Parcel, arrived: () => void): void {
    if (!this.unanswered.delete(parcel)) return;
    this.watching.note(this.host.name, "hears", this.name, parcel.label);
    arrived();
  }

  /** What a dead connection had under way is lost, unless the node gets it all the same. */
  private orphan({ parcel }: Transit): void {
    const { batch, perform, label } = parcel;
    if (!this.chance.flip(this.road.afterlife)) return;
    if (batch !== null) this.watching.late(this.name, batch);
    this.host.timeline.in(this.chance.between(0, 2_000), () => {
      if (!this.server.up) return;
      this.watching.note(this.name, "does late", this.host.name, label);
      perform(() => {});
    });
  }

  private noticeLoss(cause: string): void {
    // It was lost again before the process had noticed that it was back.
    if (this.connection !== "ready") return this.reconnect(this.chance.between(1, 150));
    const lost = [...this.unanswered];
    this.unanswered.clear();
    if (this.road.resends) for (const parcel of lost) this.resending.add(parcel);
    this.connection = "down";
    for (const parcel of lost) parcel.lost();
    for (const watcher of [...this.watchers]) watcher("down", new Error(cause));
    for (const ear of this.ears) ear.fall();
    this.reconnect(this.chance.between(1, 150), this.road.resends ? lost : []);
  }

  private reconnect(delay: number, resent: readonly Parcel[] = []): void {
    this.host.timeline.in(delay, () => {
      if (this.ended) return;
      if (!this.server.up || this.cutsThere > 0 || this.cutsBack > 0) {
        return this.reconnect(this.chance.between(10, 150), resent);
      }
      this.broken = false;
      this.life = this.server.life;
      this.host.run(() => this.noticeConnection(resent));
    });
  }

  private noticeConnection(resent: readonly Parcel[]): void {
    if (this.broken) return;
    this.thereFree = this.backFree = this.host.timeline.now;
    // In front of whatever is asked from now on; its answers are nobody's.
    for (const parcel of resent) {
      const { batch, label, since } = parcel;
      this.resending.delete(parcel);
      if (batch === null) continue;
      if (elapsed(this.host.clock, since) > shortestOf(batch)) this.watching.late(this.name, batch);
      this.send({ parcel: { ...parcel, label: `${label} again` }, gone: false });
    }
    this.connection = "ready";
    this.watching.note(this.host.name, "reaches", this.name);
    for (const watcher of [...this.watchers]) watcher("ready");
    for (const ear of this.ears) ear.open();
  }
}
