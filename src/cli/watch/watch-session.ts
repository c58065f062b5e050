import type { Locks } from "../../api/types.js";
import type { LockNode } from "../../engine/node/lock-node.js";
import { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { Frame } from "../../inspector/feed/frames.js";
import { newerMessage, subscribeToFrames } from "../../inspector/publishing/frame-subscription.js";
import type { RecordingWriter } from "../../inspector/recording.js";
import { within } from "../bounded.js";
import { coloursFor } from "../colours.js";
import type { CommandLifetime } from "../command-lifetime.js";
import { CommandError, exitCode } from "../exit.js";
import type { NodeConnections } from "../node-connections.js";
import { plain } from "../plain.js";
import { JsonView } from "./json-view.js";
import { LinesView } from "./lines-view.js";
import type { LockFilter } from "./lock-filter.js";
import { NodeQuery } from "./node-query.js";
import { pictureOf } from "./picture.js";
import { isReported } from "./rows.js";
import { ScreenView } from "./screen-view.js";
import { TableKeys } from "./table-keys.js";
import type { View } from "./view.js";

/** Time in ms after which a process without a frame counts as gone; processes send a beat every second. */
const silenceTimeout = 10_000;
/**
 * Time in ms after which a frame should have arrived: processes without subscribers send a beat every two seconds.
 */
const quietTimeout = 5_000;
/** Time in ms within which a connected node that permits it is listened on. */
const subscribeTimeout = 1_000;
/** Time in ms that ending the subscriptions may take. */
const closeTimeout = 1_000;

export interface WatchSetup {
  readonly nodes: readonly LockNode[];
  readonly locks: Locks;
  readonly filter: LockFilter;
  readonly connections: NodeConnections;
  /** Null if nothing is recorded. */
  readonly recording: RecordingWriter | null;
  readonly json: boolean;
}

/** Receives frames, asks the nodes, records and displays. */
export class WatchSession {
  readonly #setup: WatchSetup;
  readonly #aggregate = new FrameAggregate();
  readonly #nodeQuery: NodeQuery;
  readonly #view: View;
  readonly #keys = new TableKeys();
  #received = 0;
  #ended = false;

  constructor(
    setup: WatchSetup,
    private readonly lifetime: CommandLifetime,
  ) {
    this.#setup = setup;
    const { locks, filter } = setup;
    this.#nodeQuery = new NodeQuery(locks, filter.exact, {
      isReported: (name) => isReported(name, filter.prefix ?? "", this.#aggregate, Date.now()),
      changed: (asked) => this.#view.asked(asked),
      failed: (error) => lifetime.fail(error),
    });
    this.#view = this.#chooseView();
  }

  /** Runs until the watch is ended. Rejects with the error that makes the watch useless. */
  async run(): Promise<void> {
    const { nodes, recording } = this.#setup;
    const subscription = subscribeToFrames(nodes, (frame) => this.#receive(frame), {
      onNewer: (publisher) => {
        this.#received += 1;
        this.#view.notice(plain(newerMessage(publisher)));
      },
    });
    const timers = [
      setInterval(() => this.#removeSilent(), 1_000),
      setTimeout(() => this.#warnIfQuiet(subscription.subscribedNodes), quietTimeout),
    ];
    this.#nodeQuery.start();
    const began = performance.now();
    let isDeaf = false;
    try {
      await this.lifetime.ended();
      const isShort = performance.now() - began < subscribeTimeout;
      isDeaf = !isShort && subscription.subscribedNodes === 0 && this.#received === 0;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      this.#nodeQuery.stop();
      // Stopped first: nodes that are closed on purpose are not reported as lost.
      this.#setup.connections.stop();
      this.#keys.stop();
      await this.#view.end();
      this.#ended = true;
      await within(closeTimeout, subscription.close());
      if (recording !== null && recording.dropped > 0)
        this.#view.notice(
          `left ${recording.dropped} frames out of the recording: the disk is too slow for them`,
        );
    }
    if (recording !== null && isDeaf)
      throw new CommandError(
        exitCode.unavailable,
        "the recording is empty, because no node could be listened on: may this user subscribe to the channel holdfast:life?",
      );
  }

  /** Reports that the connection to a node was lost or restored. */
  nodeChanged(what: string): void {
    this.#view.nodeChanged(what);
  }

  #chooseView(): View {
    const { json, filter } = this.#setup;
    const { stdout } = process;
    if (json) return new JsonView();
    const paint = coloursFor(stdout);
    // Some terminals have no size, or do not report it.
    const isScreen = stdout.isTTY && stdout.rows > 0 && stdout.columns > 0 && process.env.TERM !== "dumb";
    if (!isScreen) return new LinesView(paint, filter.prefix);
    const view = new ScreenView(stdout, paint, (notices) => this.#picture(notices));
    this.#keys.listen(
      process.stdin,
      () => view.frame(),
      () => process.kill(process.pid, "SIGINT"),
    );
    return view;
  }

  #picture(notices: readonly string[]) {
    const { connections, filter, recording } = this.#setup;
    const written =
      recording === null
        ? []
        : [`recording: ${recording.frames} frames, ${(recording.bytes / 1_000_000).toFixed(1)} MB`];
    const notes = [...notices, `nodes: ${connections.describe()}`, ...written];
    const { prefix } = filter;
    return pictureOf(
      { aggregate: this.#aggregate, asked: this.#nodeQuery.latest, prefix, notes, keys: this.#keys },
      Date.now(),
    );
  }

  #receive(frame: Frame): void {
    if (this.#ended) return;
    this.#received += 1;
    const wanted = this.#setup.filter.of(frame, this.#aggregate);
    if (wanted === null) return;
    this.#view.frame(wanted, this.#aggregate);
    this.#record(wanted);
    this.#aggregate.apply(wanted, Date.now());
  }

  #record(frame: Frame): void {
    const { recording } = this.#setup;
    recording?.write(frame);
  }

  #removeSilent(): void {
    const since = Date.now() - silenceTimeout;
    for (const { beat, receivedAt, closed } of this.#aggregate.sources.values()) {
      if (receivedAt < since && !closed) this.#view.notice(`${plain(beat.owner)} has sent nothing for 10 s`);
    }
    this.#aggregate.removeSilent(since);
  }

  #warnIfQuiet(subscribedNodes: number): void {
    if (subscribedNodes === 0) {
      this.#view.notice(
        "cannot listen on any node: may this user subscribe to the channel holdfast:life? Resources that are named are asked for",
      );
    } else if (this.#received === 0 && this.#setup.filter.exact.length === 0) {
      this.#view.notice(
        "no process tells of its locks on these nodes: createLocks({ publish: true }) does, or name a resource to ask the nodes: holdfast watch NAME",
      );
    }
  }
}
