import type { LockNode } from "../../engine/node/lock-node.js";
import { messageOf } from "../../engine/protocol/error-message.js";
import type { Timer } from "../../engine/time/clock.js";
import type { Manager } from "../../manager/manager.js";
import { afterJobs } from "../../support/platform.js";
import { warn } from "../../support/warn.js";
import type { Frame } from "../feed/frames.js";
import { Tracker } from "../feed/tracker.js";
import { frameChannel } from "./channel.js";
import { beatMessage, message, messagesOf } from "./messages.js";
import { NodePublisher } from "./node-publisher.js";
import type { PublishSettings } from "./publish-settings.js";

/** Interval in ms between two beats while there are no subscribers. */
const quietInterval = 2_000;
/** Interval in ms at which locks are sent again, and at which nodes are checked while none is ready. */
const resendInterval = 500;
/** Time in ms after which a lock is sent again, as far as the messages have room. */
const resendAfter = 4_500;
/** Minimum time in ms between two complete resends for new subscribers. */
const restartInterval = 2_000;
/** Maximum number of messages sent together. What does not fit is sent with a later resend. */
const maxMessages = 4;
/** Time in ms that the announcement of the end may take. */
const endTimeout = 250;

/**
 * Publishes the steps of a manager's locks over all its nodes while there are subscribers. Without subscribers it
 * only sends beats, to detect new subscribers, and keeps nothing. Nothing is queued: a node that has not answered yet
 * is skipped, and lost messages are made up for by sending every lock again. Errors are ignored: the locks must not
 * suffer from publishing. Only of missing rights, which nothing else shows, is it warned once.
 */
export class Publisher {
  private readonly tracker: Tracker;
  private readonly nodePublishers: readonly NodePublisher[];
  private seq = 0;
  private unsubscribe: (() => void) | null = null;
  /** The frames of one tick of the event loop. */
  private frames: Frame[] = [];
  private timer: Timer | null = null;
  private resendDue = false;
  /** When everything was last sent again, by the monotonic clock. */
  private restartedAt = Number.NEGATIVE_INFINITY;
  private restartWanted = false;
  private ended = false;
  /** Whether it has been warned of a node that may not be published over. */
  private warned = false;

  constructor(
    private readonly manager: Manager,
    nodes: readonly LockNode[],
    settings: PublishSettings,
  ) {
    this.tracker = new Tracker(manager, settings);
    this.nodePublishers = nodes.map(
      (node) =>
        new NodePublisher(
          node,
          manager.context.clock,
          (more) => this.onAnswered(more),
          (error) => this.onForbidden(error),
        ),
    );
    this.tick();
  }

  /** Announces the end, and publishes nothing more. Never rejects. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.tracker.closed();
    const { source, time } = this.tracker.beat();
    const last = this.frames.splice(0).filter(({ kind }) => kind !== "bye");
    const messages = [...this.messages(last), message({ kind: "bye", source, seq: ++this.seq, time })];
    this.ended = true;
    this.timer?.cancel();
    await new Promise<void>((resolve) => {
      const timer = this.manager.context.clock.after(endTimeout, resolve);
      Promise.all(this.nodePublishers.map((nodePublisher) => nodePublisher.finish(messages))).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  private onAnswered(more: boolean): void {
    if (this.ended) return;
    const hasReceivers = this.nodePublishers.some(({ receivers }) => receivers > 0);
    if (!hasReceivers) return this.stopTracking();
    if (more) this.restartWanted = true;
    if (this.unsubscribe !== null) return;
    this.unsubscribe = this.tracker.listen((frame) => this.collect(frame));
    // The current state is sent with the next tick.
    this.frames = [];
    this.tick();
  }

  private onForbidden(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    warn(
      "PUBLISH_FAILED",
      `locks are not published over every node: ${messageOf(error)}`,
      `Permit the channel: ACL SETUSER <user> +publish &${frameChannel}. Locks work without it. This is said once.`,
    );
  }

  private stopTracking(): void {
    this.unsubscribe?.();
    this.unsubscribe = null;
    this.frames = [];
    this.restartWanted = false;
  }

  private tick(): void {
    const { clock } = this.manager.context;
    const now = clock.monotonic();
    this.timer?.cancel();
    const quiet = this.unsubscribe === null && this.nodePublishers.some(({ ready }) => ready);
    this.timer = clock.after(quiet ? quietInterval : resendInterval, () => this.tick(), true);
    // A node that does not answer counts as a node without subscribers.
    if (!this.nodePublishers.some(({ receivers }) => receivers > 0)) this.stopTracking();
    if (this.unsubscribe === null) return this.send([this.beatMessage()]);
    if (this.restartWanted && now - this.restartedAt >= restartInterval) {
      this.restartedAt = now;
      this.restartWanted = false;
      this.tracker.resendAll();
      return this.send([this.beatMessage(), ...this.resendMessages(maxMessages)]);
    }
    this.resendDue = true;
    // Otherwise the resend goes out with the steps that are due, so as not to delay them.
    if (!this.tracker.pending) this.send(this.messages([]));
  }

  /** Messages with the locks that were not sent for long. */
  private resendMessages(room: number): string[] {
    this.resendDue = false;
    const views = this.tracker.resend(this.manager.context.clock.monotonic() - resendAfter);
    return first(room, messagesOf("locks", views, this.head));
  }

  private collect(frame: Frame): void {
    // All frames of one tick are sent together.
    if (this.frames.push(frame) > 1) return;
    afterJobs(() => {
      if (!this.ended && this.unsubscribe !== null) this.send(this.messages(this.frames.splice(0)));
    });
  }

  private messages(frames: readonly Frame[]): string[] {
    const messages = frames.some(({ kind }) => kind === "beat") ? [this.beatMessage()] : [];
    for (const frame of frames) {
      if (frame.kind === "beat" || frame.kind === "bye") continue;
      const items = frame.kind === "steps" ? frame.steps : frame.locks;
      messages.push(...first(maxMessages - messages.length, messagesOf(frame.kind, items, this.head)));
    }
    if (this.resendDue) messages.push(...this.resendMessages(maxMessages - messages.length));
    return messages;
  }

  private beatMessage(): string {
    return beatMessage({ ...this.tracker.beat(), seq: ++this.seq });
  }

  private readonly head = () => {
    this.seq += 1;
    return { source: this.tracker.source, seq: this.seq, time: this.manager.context.clock.wall() };
  };

  private send(messages: readonly string[]): void {
    if (messages.length > 0) for (const nodePublisher of this.nodePublishers) nodePublisher.send(messages);
  }
}

function first<T>(count: number, all: Iterable<T>): T[] {
  const taken: T[] = [];
  if (count <= 0) return taken;
  for (const one of all) if (taken.push(one) === count) break;
  return taken;
}
