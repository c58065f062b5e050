import type { SubscriptionListener } from "../../engine/node/lock-node.js";
import type { Link } from "./link.js";

/** A subscription over a link: messages take their time, keep their order, and may be lost. */
export class SimulatedSubscription {
  private unsubscribe: (() => void) | null = null;
  private free = 0;
  private opened = 0;
  private closed = false;

  constructor(
    private readonly link: Link,
    private readonly channel: string,
    private readonly listener: SubscriptionListener,
  ) {}

  /** The connection is there. */
  open(): void {
    this.deafen();
    const opened = this.opened;
    this.link.host.timeline.in(this.link.delay(), () => {
      if (opened !== this.opened || this.closed) return;
      this.unsubscribe = this.link.server.node.subscribe(this.channel, {
        subscribed: () => this.later(opened, () => this.listener.subscribed()),
        unsubscribed: () => {},
        message: (message) => {
          if (!this.link.deaf) this.later(opened, () => this.listener.message(message));
        },
      });
    });
  }

  /** Nothing more is heard over the old connection. */
  deafen(): void {
    this.opened++;
    this.unsubscribe?.();
    this.unsubscribe = null;
  }

  fall(): void {
    if (!this.closed) this.listener.unsubscribed();
  }

  close(): void {
    this.closed = true;
    this.deafen();
  }

  private later(opened: number, tell: () => void): void {
    const { host } = this.link;
    this.free = Math.max(this.free, host.timeline.now + this.link.delay());
    host.timeline.at(this.free, () => {
      host.run(() => {
        if (opened === this.opened && !this.closed) tell();
      });
    });
  }
}
