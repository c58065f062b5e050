import { type Clock, systemClock, type Timer } from "../../engine/time/clock.js";
import { FrameAggregate } from "../feed/frame-aggregate.js";
import type { Frame } from "../feed/frames.js";
import { eventOf, type Stream } from "./stream.js";

/** ms in which frames are gathered, so that the readers get them together. */
const gathering = 100;
/** Frames in that time; with more, readers start anew rather than be told them all. */
const mostGathered = 2_000;
/** ms after which a reader hears that the server is still there. */
const heartbeat = 10_000;

/** Adds up what the processes tell, and passes it on to those who read. */
export class Hub {
  readonly aggregate = new FrameAggregate();
  readonly #streams = new Set<Stream>();
  #gathered: Frame[] = [];
  #flush: Timer | null = null;
  #beat: Timer | null = null;

  /** `looked`: told when the first one comes to read, and when the last one has gone. */
  constructor(
    private readonly looked: (anybody: boolean) => void = () => {},
    private readonly clock: Clock = systemClock,
  ) {}

  get readers(): number {
    return this.#streams.size;
  }

  hear(frame: Frame): void {
    this.aggregate.apply(frame, this.clock.wall());
    if (this.#streams.size === 0) return;
    this.#gathered.push(frame);
    if (this.#gathered.length > mostGathered) return this.#startAnew();
    this.#flush ??= this.clock.after(gathering, () => this.#pass(), true);
  }

  /** From now on it is told everything, after how things are. */
  join(stream: Stream, hello: unknown): void {
    this.#streams.add(stream);
    if (this.#streams.size === 1) this.looked(true);
    stream.response.once("close", () => this.#leave(stream));
    // It does not reject.
    void stream.open(hello, this.aggregate.snapshot(this.clock.wall()));
    this.#beat ??= this.clock.after(heartbeat, () => this.#sayAlive(), true);
  }

  /** What was heard last is still told. */
  close(): void {
    if (this.#gathered.length > 0) this.#pass();
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
    this.#rest();
  }

  #pass(): void {
    this.#flush = null;
    const text = eventOf("frames", this.#gathered);
    this.#gathered = [];
    this.#send(text);
  }

  #sayAlive(): void {
    this.#beat = this.clock.after(heartbeat, () => this.#sayAlive(), true);
    this.#send(":\n\n");
  }

  #send(text: string): void {
    for (const stream of this.#streams) if (!stream.send(text)) this.#drop(stream);
  }

  #startAnew(): void {
    for (const stream of this.#streams) this.#drop(stream);
  }

  #drop(stream: Stream): void {
    stream.drop();
    this.#leave(stream);
  }

  #leave(stream: Stream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    this.looked(false);
    this.#rest();
  }

  /** Nobody reads. */
  #rest(): void {
    this.#gathered = [];
    for (const timer of [this.#flush, this.#beat]) timer?.cancel();
    this.#flush = null;
    this.#beat = null;
  }
}
