import type { Clock, Timer } from "../../engine/time/clock.js";
import { systemClock } from "../../engine/time/system-clock.js";
import { Overview, type OverviewView } from "../axis/overview.js";
import type { Frame } from "../feed/frames.js";
import { TotalsSum } from "../feed/totals-sum.js";
import type { Incident } from "../incidents/incident.js";
import { IncidentAggregate } from "../incidents/incident-aggregate.js";
import { RecentFrames } from "../recording/recent-frames.js";
import type { Past } from "./past.js";
import { eventOf, type Stream } from "./stream.js";

/** Time in ms for which frames are collected before they are sent to the readers together. */
const flushDelay = 100;
/** Maximum number of frames in that time; with more, the readers are disconnected and start from a new snapshot. */
const maxPending = 2_000;
/** Interval in ms of the heartbeat, which shows a reader that the server is alive. */
const heartbeat = 10_000;

/** Time in ms that the time axis of a live page covers. */
const axisTime = 3_600_000;

/** Aggregates the frames of all processes, keeps those of the last hour, and passes them on to the readers of the events. */
export class Hub implements Past {
  readonly aggregate = new IncidentAggregate();
  readonly store: RecentFrames;
  /** Also of processes that the aggregate has forgotten. */
  readonly totals = new TotalsSum();
  readonly #overview = new Overview();
  readonly #streams = new Set<Stream>();
  #pending: Frame[] = [];
  #flush: Timer | null = null;
  #beat: Timer | null = null;
  /** Number of incidents that the readers have received. */
  #told = 0;
  /** Whether the totals have grown since the readers received them. */
  #counted = false;

  /** `onReadersChanged` is called with true when the first reader arrives, and with false when the last one has left. */
  constructor(
    private readonly onReadersChanged: (hasReaders: boolean) => void = () => {},
    private readonly clock: Clock = systemClock,
  ) {
    this.store = new RecentFrames(clock);
  }

  get overview(): OverviewView {
    return this.#overview.view(this.from, this.to);
  }

  get incidents(): readonly Incident[] {
    return this.aggregate.incidents.all;
  }

  get from(): number {
    return this.to - axisTime;
  }

  get to(): number {
    return this.clock.wall();
  }

  readonly examined = 1;

  get readers(): number {
    return this.#streams.size;
  }

  receive(frame: Frame): void {
    const now = this.clock.wall();
    this.aggregate.apply(frame, now);
    if (frame.kind === "beat") this.#count(frame.source);
    this.#overview.apply(frame, now);
    this.store.write(frame);
    if (this.#streams.size === 0) return;
    this.#pending.push(frame);
    if (this.#pending.length > maxPending) return this.#dropAll();
    this.#flush ??= this.clock.after(flushDelay, () => this.#sendPending(), true);
  }

  /** Notes which processes are silent. Must be called every second or so where processes may fall silent. */
  checkSilence(): void {
    this.aggregate.checkSilence(this.clock.wall());
    if (this.#streams.size > 0) this.#sendIncidents();
  }

  /** Adds a reader, which receives the current state first and then every frame. */
  add(stream: Stream, about: object): void {
    // The new reader receives all incidents anyway.
    this.#sendIncidents();
    this.#streams.add(stream);
    if (this.#streams.size === 1) {
      this.#told = this.aggregate.incidents.added;
      this.onReadersChanged(true);
    }
    stream.response.once("close", () => this.#remove(stream));
    const hello = { ...about, totals: this.totals.view };
    // `open` does not reject.
    void stream.open(hello, this.aggregate.snapshot(this.clock.wall()), this.aggregate.incidents.all);
    this.#beat ??= this.clock.after(heartbeat, () => this.#sendHeartbeat(), true);
  }

  /** Sends an event to the current readers. */
  announce(name: string, data: unknown): void {
    this.#send(eventOf(name, data));
  }

  /** Sends the frames that were collected, and ends all streams. */
  close(): void {
    if (this.#pending.length > 0) this.#sendPending();
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
    this.#reset();
  }

  #count(source: string): void {
    const view = this.aggregate.sources.get(source);
    if (view !== undefined && this.totals.addSource(view)) this.#counted = true;
  }

  #sendPending(): void {
    this.#flush = null;
    if (this.#counted) this.#send(eventOf("totals", this.totals.view));
    this.#counted = false;
    const text = eventOf("frames", this.#pending);
    this.#pending = [];
    this.#send(text);
    this.#sendIncidents();
  }

  #sendIncidents(): void {
    const { incidents } = this.aggregate;
    const news = incidents.latest(incidents.added - this.#told);
    this.#told = incidents.added;
    if (news.length > 0) this.#send(eventOf("incidents", news));
  }

  #sendHeartbeat(): void {
    this.#beat = this.clock.after(heartbeat, () => this.#sendHeartbeat(), true);
    this.#send(":\n\n");
  }

  #send(text: string): void {
    for (const stream of this.#streams) if (!stream.send(text)) this.#drop(stream);
  }

  #dropAll(): void {
    for (const stream of this.#streams) this.#drop(stream);
  }

  #drop(stream: Stream): void {
    stream.drop();
    this.#remove(stream);
  }

  #remove(stream: Stream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    this.onReadersChanged(false);
    this.#reset();
  }

  /** Without readers, nothing is collected. */
  #reset(): void {
    this.#pending = [];
    for (const timer of [this.#flush, this.#beat]) timer?.cancel();
    this.#flush = null;
    this.#beat = null;
  }
}
