import type { SubscriptionListener } from "../../engine/node/lock-node.js";
import type { Host } from "./host.js";
import type { Server } from "./server.js";

/** The link that carries a subscription. */
interface SubscribedLink {
  readonly host: Host;
  readonly server: Server;
  /** Whether the next message is lost. */
  readonly losesWakeup: boolean;
  /** ms that a message takes. */
  delay(): number;
}

/** A subscription over a link: messages are delayed, keep their order, and may be lost. */
export class SimulatedSubscription {
  private unsubscribe: (() => void) | null = null;
  private free = 0;
  private opened = 0;
  private closed = false;

  constructor(
    private readonly link: SubscribedLink,
    private readonly channel: string,
    private readonly listener: SubscriptionListener,
  ) {}

  /** Subscribes on a new connection. */
  open(): void {
    this.detach();
    const opened = this.opened;
    this.link.host.timeline.in(this.link.delay(), () => {
      if (opened !== this.opened || this.closed) return;
      this.unsubscribe = this.link.server.node.subscribe(this.channel, {
        subscribed: () => this.later(opened, () => this.listener.subscribed()),
        unsubscribed: () => {},
        message: (message) => {
          if (!this.link.losesWakeup) this.later(opened, () => this.listener.message(message));
        },
      });
    });
  }

  /** Drops the subscription on the old connection. */
  detach(): void {
    this.opened++;
    this.unsubscribe?.();
    this.unsubscribe = null;
  }

  notifyUnsubscribed(): void {
    if (!this.closed) this.listener.unsubscribed();
  }

  close(): void {
    this.closed = true;
    this.detach();
  }

  private later(opened: number, callback: () => void): void {
    const { host } = this.link;
    this.free = Math.max(this.free, host.timeline.now + this.link.delay());
    host.timeline.at(this.free, () => {
      host.run(() => {
        if (opened === this.opened && !this.closed) callback();
      });
    });
  }
}
