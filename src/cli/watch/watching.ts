import type { Locks } from "../../api/types.js";
import type { LockNode } from "../../engine/node/lock-node.js";
import { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { Frame } from "../../inspector/feed/frames.js";
import { listenTo } from "../../inspector/publishing/listening.js";
import type { RecordingWriter } from "../../inspector/recording.js";
import { within } from "../bounded.js";
import { coloursFor } from "../colours.js";
import type { Ending } from "../ending.js";
import { plain } from "../plain.js";
import type { Reach } from "../reach.js";
import { Asking } from "./asking.js";
import { JsonView } from "./json-view.js";
import { LinesView } from "./lines-view.js";
import { pictureOf } from "./picture.js";
import { isTold } from "./rows.js";
import { ScreenView } from "./screen-view.js";
import type { View } from "./view.js";
import type { Wanted } from "./wanted.js";

/** ms after which a process of which nothing was heard is taken for gone; it tells something every second. */
const silence = 10_000;
/** ms after which somebody should have been heard: while nobody listens, they tell something every two seconds. */
const quiet = 5_000;
/** ms that ending the subscriptions may take. */
const partingTime = 1_000;

export interface Watched {
  readonly nodes: readonly LockNode[];
  readonly locks: Locks;
  readonly wanted: Wanted;
  readonly reach: Reach;
  /** Null: nothing is written down. */
  readonly recording: RecordingWriter | null;
  readonly json: boolean;
}

/** Listens, asks, writes down and shows. */
export class Watching {
  readonly #watched: Watched;
  readonly #aggregate = new FrameAggregate();
  readonly #asking: Asking;
  readonly #view: View;
  #heard = 0;
  #full = false;
  #ended = false;

  constructor(
    watched: Watched,
    private readonly ending: Ending,
  ) {
    this.#watched = watched;
    const { locks, wanted } = watched;
    this.#asking = new Asking(locks, wanted.exact, {
      isTold: (name) => isTold(name, wanted.prefix ?? "", this.#aggregate),
      changed: (asked) => this.#view.asked(asked),
      failed: (error) => ending.fail(error),
    });
    this.#view = this.#chooseView();
  }

  /** Until it ends; rejects with what makes it useless. */
  async run(): Promise<void> {
    const { nodes, recording } = this.#watched;
    const listening = listenTo(nodes, (frame) => this.#hear(frame));
    const timers = [
      setInterval(() => this.#forget(), 1_000),
      setTimeout(() => this.#sayIfQuiet(listening.standing), quiet),
    ];
    this.#asking.start();
    try {
      await this.ending.over();
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.#asking.stop();
      // First: nodes that are closed are not lost, and nothing more is shown.
      this.#watched.reach.leave();
      await this.#view.end();
      this.#ended = true;
      await within(partingTime, listening.close());
      if (recording !== null && recording.dropped > 0)
        this.#view.notice(
          `left ${recording.dropped} frames out of the recording: the disk is too slow for them`,
        );
    }
  }

  /** A node was lost, or is back. */
  nodeChanged(what: string): void {
    this.#view.nodeChanged(what);
  }

  #chooseView(): View {
    const { json, wanted } = this.#watched;
    const { stdout } = process;
    if (json) return new JsonView();
    const paint = coloursFor(stdout);
    // Some have no size, or do not tell it.
    const isScreen = stdout.isTTY && stdout.rows > 0 && stdout.columns > 0 && process.env.TERM !== "dumb";
    if (!isScreen) return new LinesView(paint, wanted.prefix);
    return new ScreenView(stdout, paint, (notices) => this.#picture(notices));
  }

  #picture(notices: readonly string[]) {
    const { reach, wanted, recording } = this.#watched;
    const written = recording === null ? [] : [`recording: ${recording.frames} frames`];
    const notes = [...notices, `nodes: ${reach.describe()}`, ...written];
    const { prefix } = wanted;
    return pictureOf({ aggregate: this.#aggregate, asked: this.#asking.latest, prefix, notes }, Date.now());
  }

  #hear(frame: Frame): void {
    if (this.#ended) return;
    this.#heard += 1;
    const wanted = this.#watched.wanted.of(frame, this.#aggregate);
    if (wanted === null) return;
    this.#view.hear(wanted, this.#aggregate);
    this.#record(wanted);
    this.#aggregate.apply(wanted, Date.now());
  }

  #record(frame: Frame): void {
    const { recording } = this.#watched;
    if (recording === null || recording.write(frame) || !recording.full || this.#full) return;
    this.#full = true;
    this.#view.notice("the recording is full, and is kept as it is: a larger one could not be read");
  }

  #forget(): void {
    const since = Date.now() - silence;
    for (const { beat, heard, closed } of this.#aggregate.sources.values()) {
      if (heard < since && !closed) this.#view.notice(`${plain(beat.owner)} is not heard of any more`);
    }
    this.#aggregate.forget(since);
  }

  #sayIfQuiet(standing: number): void {
    if (standing === 0) {
      this.#view.notice(
        "cannot listen on any node: may this user subscribe to the channel holdfast:life? Resources that are named are asked for",
      );
    } else if (this.#heard === 0 && this.#watched.wanted.exact.length === 0) {
      this.#view.notice(
        "nobody tells of locks on these nodes: createLocks({ publish: true }) does, or name a resource to ask the nodes: holdfast watch NAME",
      );
    }
  }
}
