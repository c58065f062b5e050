import type { LockNode } from "../../engine/node/lock-node.js";
import { messageOf } from "../../engine/protocol/error-message.js";
import type { Clock } from "../../engine/time/clock.js";
import { frameChannel } from "./channel.js";

/** Time in ms after which a node that has not answered counts as a node without subscribers. */
const answerTimeout = 5_000;
/** Pause in ms after a node refused a message: permissions seldom change. */
const pauseAfterFailure = 10_000;

/**
 * Publishes to one node, one batch of messages at a time. Messages that arrive meanwhile are dropped, never queued.
 */
export class NodePublisher {
  private lastReceivers = 0;
  private busySince: number | null = null;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private sending: Promise<void> = Promise.resolve();

  /**
   * `onAnswered` is called after each batch, with true if there are more subscribers than before. It must not throw.
   */
  constructor(
    private readonly node: LockNode,
    private readonly clock: Clock,
    private readonly onAnswered: (more: boolean) => void,
    /** Called when the user of the node may not publish. It must not throw. */
    private readonly onForbidden: (error: unknown) => void,
  ) {}

  get ready(): boolean {
    return this.node.connection === "ready";
  }

  /** Number of subscribers that received the latest message. */
  get receivers(): number {
    const silent = this.busySince !== null && this.clock.monotonic() - this.busySince > answerTimeout;
    return silent || !this.ready ? 0 : this.lastReceivers;
  }

  /** Starts now if no batch is under way; otherwise drops the messages. */
  send(messages: readonly string[]): void {
    if (this.busySince === null && this.clock.monotonic() >= this.pausedUntil) this.start(messages);
  }

  /**
   * Sends the messages after the current batch. Resolves when they were sent or could not be sent; never resolves if
   * the node does not answer.
   */
  finish(messages: readonly string[]): Promise<void> {
    return this.sending.then(() => {
      this.start(messages);
      return this.sending;
    });
  }

  private start(messages: readonly string[]): void {
    if (this.node.publish === undefined || !this.ready || messages.length === 0) return;
    this.busySince = this.clock.monotonic();
    this.sending = this.publish(messages);
  }

  private async publish(messages: readonly string[]): Promise<void> {
    const before = this.lastReceivers;
    try {
      for (const message of messages) {
        this.busySince = this.clock.monotonic();
        this.lastReceivers = (await this.node.publish?.(frameChannel, message)) ?? 0;
      }
    } catch (error) {
      // Other problems of a node show in the locks' own requests.
      if (isForbidden(error)) this.onForbidden(error);
      this.lastReceivers = 0;
      this.pausedUntil = this.clock.monotonic() + pauseAfterFailure;
    }
    this.busySince = null;
    this.onAnswered(this.lastReceivers > before);
  }
}

/** Servers say it in several ways, some of them in the error of a script. */
const isForbidden = (error: unknown): boolean =>
  /\bNOPERM\b|no permission|the user executing the script can't/i.test(messageOf(error));
