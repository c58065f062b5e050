import type { LockNode, SubscriptionListener } from "../../engine/node/lock-node.js";
import { systemClock } from "../../engine/time/system-clock.js";
import { cases, type NodeCase } from "./case.js";
import { uniqueKey } from "./commands.js";
import { equal } from "./expectations.js";

/** ms within which a subscription must be active and a message must arrive. */
const timeout = 10_000;

/** A subscription whose events can be waited for. */
class Subscription implements SubscriptionListener {
  readonly messages: string[] = [];
  #active = false;
  #changed: () => void = () => {};

  subscribed(): void {
    this.#active = true;
    this.#changed();
  }

  unsubscribed(): void {
    this.#active = false;
  }

  message(message: string): void {
    this.messages.push(message);
    this.#changed();
  }

  isActive(): Promise<void> {
    return this.#until("active", () => this.#active);
  }

  receives(message: string): Promise<void> {
    return this.#until(`message ${JSON.stringify(message)}`, () => this.messages.includes(message));
  }

  #until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = systemClock.after(timeout, () =>
        reject(new Error(`the subscription has no ${what} within ${timeout} ms`)),
      );
      this.#changed = () => {
        if (!holds()) return;
        late.cancel();
        resolve();
      };
      this.#changed();
    });
  }
}

const publish = (node: LockNode, channel: string, message: string) => node.publish?.(channel, message);

/** A node without subscriptions passes: its waiters poll. */
export const subscribing: readonly NodeCase[] = cases("a subscription", {
  "receives what is published on its channel, in order, in any script, and nothing else": async (node) => {
    const [channel, other, subscription] = [`${uniqueKey()} ключ 🔒`, uniqueKey(), new Subscription()];
    const unsubscribe = node.subscribe(channel, subscription);
    if (unsubscribe === null) return;
    try {
      await subscription.isActive();
      await publish(node, other, "other");
      for (const message of ["first", "", "7", "третье 🔒"]) await publish(node, channel, message);
      await subscription.receives("третье 🔒");
      equal(subscription.messages, ["first", "", "7", "третье 🔒"]);
    } finally {
      unsubscribe();
    }
  },

  "receives nothing after it has ended, and others go on": async (node) => {
    const [channel, ended, kept] = [uniqueKey(), new Subscription(), new Subscription()];
    const end = node.subscribe(channel, ended);
    const endKept = node.subscribe(channel, kept);
    if (end === null || endKept === null) return;
    try {
      await kept.isActive();
      end();
      end();
      await publish(node, channel, "afterwards");
      await kept.receives("afterwards");
      equal(ended.messages, []);
    } finally {
      endKept();
    }
  },
});
