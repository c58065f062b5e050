import type { LockNode } from "../../engine/node/lock-node.js";
import type { Timer } from "../../engine/time/clock.js";
import type { Manager } from "../../manager/manager.js";
import type { Frame } from "../feed/frames.js";
import { Tracker } from "../feed/tracker.js";
import { beatMessage, messagesOf } from "./messages.js";
import { NodePublisher } from "./node-publisher.js";
import type { PublishSettings } from "./publish-settings.js";

/** ms between two beats while nobody listens. */
const quietEvery = 2_000;
/** ms between two looks at what is to be told again, and whether any node is there yet. */
const lookEvery = 500;
/** ms after which a lock is told again, as far as that fits. */
const retoldAfter = 4_500;
/** ms between two tellings of everything, because more have come to listen. */
const restartEvery = 2_000;
/** Messages that leave together; what does not fit is told with what is told again. */
const mostMessages = 4;
/** ms that a goodbye may take. */
const goodbyeTimeout = 250;

/**
 * Publishes the life of a manager's locks over all its nodes, for as long as anybody listens; while nobody does it beats,
 * to find out, and keeps nothing. Nothing is queued: a node that has not answered yet is passed over, and what is lost is
 * made good by telling every lock again. What goes wrong is ignored: the locks must not suffer from it.
 */
export class Publisher {
  private readonly tracker: Tracker;
  private readonly nodePublishers: readonly NodePublisher[];
  private seq = 0;
  private leave: (() => void) | null = null;
  /** Of one turn. */
  private frames: Frame[] = [];
  private timer: Timer | null = null;
  private retellDue = false;
  /** More have come to listen: everything is to be told again. When it was last, by the monotonic clock. */
  private restarted = Number.NEGATIVE_INFINITY;
  private restartWanted = false;
  private ended = false;

  constructor(
    private readonly manager: Manager,
    nodes: readonly LockNode[],
    settings: PublishSettings,
  ) {
    this.tracker = new Tracker(manager, settings);
    this.nodePublishers = nodes.map(
      (node) => new NodePublisher(node, manager.context.clock, (more) => this.answered(more)),
    );
    this.tick();
  }

  /** Says goodbye, and publishes nothing more. Never rejects. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.tracker.closed();
    const { source, time } = this.tracker.beat();
    const last = this.frames.splice(0).filter(({ kind }) => kind !== "bye");
    const messages = [...this.messages(last), JSON.stringify({ kind: "bye", source, seq: ++this.seq, time })];
    this.ended = true;
    this.timer?.cancel();
    await new Promise<void>((resolve) => {
      const timer = this.manager.context.clock.after(goodbyeTimeout, resolve);
      Promise.all(this.nodePublishers.map((nodePublisher) => nodePublisher.finish(messages))).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  private answered(more: boolean): void {
    if (this.ended) return;
    const listened = this.nodePublishers.some(({ receivers }) => receivers > 0);
    if (!listened) return this.rest();
    if (more) this.restartWanted = true;
    if (this.leave !== null) return;
    this.leave = this.tracker.listen((frame) => this.take(frame));
    // All that is known is told with the next tick.
    this.frames = [];
    this.tick();
  }

  private rest(): void {
    this.leave?.();
    this.leave = null;
    this.frames = [];
    this.restartWanted = false;
  }

  private tick(): void {
    const { clock } = this.manager.context;
    const now = clock.monotonic();
    this.timer?.cancel();
    const quiet = this.leave === null && this.nodePublishers.some(({ ready }) => ready);
    this.timer = clock.after(quiet ? quietEvery : lookEvery, () => this.tick(), true);
    // Also those that have not answered for long.
    if (!this.nodePublishers.some(({ receivers }) => receivers > 0)) this.rest();
    if (this.leave === null) return this.post([this.beatMessage()]);
    if (this.restartWanted && now - this.restarted >= restartEvery) {
      this.restarted = now;
      this.restartWanted = false;
      this.tracker.startOver();
      return this.post([this.beatMessage(), ...this.again(mostMessages)]);
    }
    this.retellDue = true;
    // Otherwise it leaves with the steps that are due, rather than be in their way.
    if (!this.tracker.pending) this.post(this.messages([]));
  }

  /** What was not told for long. */
  private again(room: number): string[] {
    this.retellDue = false;
    const views = this.tracker.retell(this.manager.context.clock.monotonic() - retoldAfter);
    return first(room, messagesOf("locks", views, this.head));
  }

  private take(frame: Frame): void {
    // All that is told in one turn leaves together.
    if (this.frames.push(frame) > 1) return;
    queueMicrotask(() => {
      if (!this.ended && this.leave !== null) this.post(this.messages(this.frames.splice(0)));
    });
  }

  private messages(frames: readonly Frame[]): string[] {
    const messages = frames.some(({ kind }) => kind === "beat") ? [this.beatMessage()] : [];
    for (const frame of frames) {
      if (frame.kind === "beat" || frame.kind === "bye") continue;
      const items = frame.kind === "steps" ? frame.steps : frame.locks;
      messages.push(...first(mostMessages - messages.length, messagesOf(frame.kind, items, this.head)));
    }
    if (this.retellDue) messages.push(...this.again(mostMessages - messages.length));
    return messages;
  }

  private beatMessage(): string {
    return beatMessage({ ...this.tracker.beat(), seq: ++this.seq });
  }

  private readonly head = () => {
    this.seq += 1;
    return { source: this.tracker.source, seq: this.seq, time: this.manager.context.clock.wall() };
  };

  private post(messages: readonly string[]): void {
    if (messages.length > 0) for (const nodePublisher of this.nodePublishers) nodePublisher.send(messages);
  }
}

function first<T>(count: number, all: Iterable<T>): T[] {
  const taken: T[] = [];
  if (count <= 0) return taken;
  for (const one of all) if (taken.push(one) === count) break;
  return taken;
}
