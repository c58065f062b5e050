import type { LockNode } from "../../engine/node/lock-node.js";
import type { Clock } from "../../engine/time/clock.js";
import { lifeChannel } from "./channel.js";

/** ms after which a node that has not answered counts as one where nobody listens. */
const patience = 5_000;
/** ms that a node which refused is left alone: permissions seldom change. */
const rest = 10_000;

/** One node that is published to: one message at a time, and what comes meanwhile is dropped, never queued. */
export class NodePublisher {
  private heard = 0;
  private busySince: number | null = null;
  private notBefore = Number.NEGATIVE_INFINITY;
  private sending: Promise<void> = Promise.resolve();

  /** `answered`: called with each answer. Must not throw. */
  constructor(
    private readonly node: LockNode,
    private readonly clock: Clock,
    private readonly answered: (more: boolean) => void,
  ) {}

  get ready(): boolean {
    return this.node.connection === "ready";
  }

  /** How many listened last time. */
  get receivers(): number {
    const silent = this.busySince !== null && this.clock.monotonic() - this.busySince > patience;
    return silent || !this.ready ? 0 : this.heard;
  }

  /** Starts now, if it is free. */
  send(messages: readonly string[]): void {
    if (this.busySince === null && this.clock.monotonic() >= this.notBefore) this.start(messages);
  }

  /** Behind what is on its way. Resolves when it was sent, or could not be; never, where the node does not answer. */
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
    const before = this.heard;
    try {
      for (const message of messages) {
        this.busySince = this.clock.monotonic();
        this.heard = (await this.node.publish?.(lifeChannel, message)) ?? 0;
      }
    } catch {
      // Whatever is wrong with the node shows in the locks' own requests.
      this.heard = 0;
      this.notBefore = this.clock.monotonic() + rest;
    }
    this.busySince = null;
    this.answered(this.heard > before);
  }
}
