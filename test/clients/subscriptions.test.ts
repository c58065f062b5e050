import { beforeEach, describe, expect, test } from "vitest";
import type { Subscriber, SubscriberEvents } from "../../src/clients/pubsub/subscriber.js";
import { Subscriptions } from "../../src/clients/pubsub/subscriptions.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { RecordingListener } from "../contract/subscription-contract.js";

/** A fake connection that is controlled by the test. */
class FakeConnection implements Subscriber {
  readonly calls: string[] = [];
  readonly answers: { resolve(): void; reject(error: Error): void }[] = [];
  closed = 0;

  constructor(readonly events: SubscriberEvents) {}

  subscribe(channel: string): Promise<void> {
    this.calls.push(`+${channel}`);
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }

  ping(): Promise<void> {
    this.calls.push("ping");
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }

  unsubscribe(channel: string): void {
    this.calls.push(`-${channel}`);
    throw new Error("closed already");
  }

  close(): void {
    this.closed += 1;
    throw new Error("closed already");
  }

  async refuse(message = "NOPERM this user has no permissions to access one of the channels"): Promise<void> {
    for (const { reject } of this.answers.splice(0)) reject(new Error(message));
    await settle();
  }

  async grant(): Promise<void> {
    for (const { resolve } of this.answers.splice(0)) resolve();
    await settle();
  }

  async ready(): Promise<void> {
    this.events.ready();
    await settle();
  }
}

let clock: VirtualClock;
let connections: FakeConnection[];
let subscriptions: Subscriptions;
const last = () => connections.at(-1) as FakeConnection;
const open = (): FakeConnection[] => connections.filter(({ closed }) => closed === 0);

beforeEach(() => {
  clock = new VirtualClock();
  connections = [];
  subscriptions = new Subscriptions((events) => {
    connections.push(new FakeConnection(events));
    return last();
  }, clock);
});

async function openSubscription(
  channel = "a",
): Promise<{ subscription: RecordingListener; unsubscribe: () => void }> {
  const subscription = new RecordingListener();
  const unsubscribe = subscriptions.subscribe(channel, subscription);
  await settle();
  await last().ready();
  await last().grant();
  expect(subscription.states).toEqual(["subscribed"]);
  return { subscription, unsubscribe };
}

describe("an idle subscriber connection", () => {
  const answerPing = async () => {
    expect(last().calls.at(-1)).toBe("ping");
    await last().grant();
  };

  test("is pinged every 10 s, and kept while it answers", async () => {
    const { subscription, unsubscribe } = await openSubscription();
    for (let ping = 0; ping < 5; ping++) {
      await clock.advance(9_999);
      expect(last().answers).toHaveLength(0);
      await clock.advance(1);
      await answerPing();
    }
    // A refusal counts as an answer.
    await clock.advance(10_000);
    await last().refuse("NOPERM this user has no permissions to run the 'ping' command");
    await clock.advance(9_999);
    expect(connections).toHaveLength(1);
    expect(subscription.states).toEqual(["subscribed"]);
    unsubscribe();
    expect(clock.pending).toBe(0);
  });

  test("is replaced when it has not answered for 5 s", async () => {
    const { subscription } = await openSubscription();
    await clock.advance(14_999);
    expect(subscription.states).toEqual(["subscribed"]);
    await clock.advance(1);
    expect(subscription.states).toEqual(["subscribed", "unsubscribed"]);
    expect(connections[0]?.closed).toBe(1);
    await clock.advance(100);
    await last().ready();
    await last().grant();
    expect(subscription.states).toEqual(["subscribed", "unsubscribed", "subscribed"]);
  });

  test("is replaced with the client's own connection", async () => {
    subscriptions.reopen();
    expect(connections).toHaveLength(0);
    const { subscription, unsubscribe } = await openSubscription();
    subscriptions.reopen();
    expect(subscription.states).toEqual(["subscribed", "unsubscribed"]);
    expect(open()).toHaveLength(0);
    await clock.advance(100);
    expect(open()).toHaveLength(1);
    await last().ready();
    await last().grant();
    expect(subscription.state).toBe("subscribed");
    unsubscribe();
    subscriptions.close();
    subscriptions.reopen();
    expect(open()).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });
});

describe("the subscriber connection", () => {
  test("is not opened for a subscription that ends at once, even if it is ended twice", async () => {
    const unsubscribe = subscriptions.subscribe("a", new RecordingListener());
    unsubscribe();
    unsubscribe();
    await settle();
    expect(connections).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });

  test("is closed once with the last subscription, with every timer, in every state", async () => {
    const unsubscribe = subscriptions.subscribe("a", new RecordingListener());
    await settle();
    expect(clock.pending).toBe(1);
    unsubscribe();
    expect([last().closed, clock.pending]).toEqual([1, 0]);

    const asking = subscriptions.subscribe("a", new RecordingListener());
    await settle();
    await last().ready();
    expect(last().calls).toEqual(["+a"]);
    asking();
    expect([last().closed, clock.pending]).toEqual([1, 0]);
    await last().grant();

    const trying = subscriptions.subscribe("a", new RecordingListener());
    await settle();
    last().events.lost();
    expect(clock.pending).toBe(1);
    trying();
    expect([last().closed, clock.pending]).toEqual([1, 0]);
    expect(open()).toHaveLength(0);
  });

  test("subscribes to each channel once, and unsubscribes channels without listeners, in order", async () => {
    const { unsubscribe } = await openSubscription("a");
    const listeners = [new RecordingListener(), new RecordingListener()] as const;
    subscriptions.subscribe("a", listeners[0]);
    const unsubscribeB = subscriptions.subscribe("b", listeners[1]);
    unsubscribeB();
    subscriptions.subscribe("b", listeners[1]);
    unsubscribe();
    await settle();
    await last().grant();
    expect(last().calls).toEqual(["+a", "+b", "-b", "+b"]);
    expect(listeners.map(({ states }) => states)).toEqual([["subscribed"], ["subscribed"]]);
    expect(connections).toHaveLength(1);
  });

  test("is opened again after a loss, with delays that double to 5 s, one at a time", async () => {
    const { subscription } = await openSubscription();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      const before = clock.monotonic();
      const count = connections.length;
      last().events.lost();
      last().events.lost();
      while (connections.length === count) await clock.advance(1);
      delays.push(clock.monotonic() - before);
      expect(open()).toHaveLength(1);
    }
    delays.forEach((delay, attempt) => {
      const ceiling = Math.min(100 * 2 ** attempt, 5_000);
      expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
      expect(delay).toBeLessThanOrEqual(ceiling + 1);
    });
    expect(subscription.states).toEqual(["subscribed", "unsubscribed"]);
    await last().ready();
    await last().grant();
    expect(subscription.states).toEqual(["subscribed", "unsubscribed", "subscribed"]);
  });

  test("is opened more slowly if it is lost soon, and quickly if it lasted", async () => {
    await openSubscription();
    const reopen = async (lasted: number): Promise<number> => {
      await clock.advance(lasted);
      const count = connections.length;
      const before = clock.monotonic();
      last().events.lost();
      while (connections.length === count) await clock.advance(1);
      await last().ready();
      await last().grant();
      return clock.monotonic() - before;
    };
    for (let times = 0; times < 8; times++) await reopen(100);
    expect(await reopen(100)).toBeGreaterThanOrEqual(2_500);
    expect(await reopen(10_000)).toBeLessThanOrEqual(101);
  });

  test("keeps its delay while subscriptions come and go", async () => {
    const { unsubscribe } = await openSubscription();
    last().events.lost();
    unsubscribe();
    for (let times = 0; times < 100; times++) {
      const subscription = new RecordingListener();
      const end = subscriptions.subscribe("a", subscription);
      await settle();
      expect(subscription.states).toEqual(["unsubscribed"]);
      end();
    }
    expect(connections).toHaveLength(1);
    await clock.advance(100);
    await openSubscription();
    expect(connections).toHaveLength(2);
  });

  test.each(["while it is connecting", "while it subscribes to a channel"])(
    "that does not answer for 5 s %s counts as lost",
    async (when) => {
      const subscription = new RecordingListener();
      subscriptions.subscribe("a", subscription);
      await settle();
      if (when.includes("subscribes")) await last().ready();
      await clock.advance(4_999);
      expect(subscription.states).toEqual([]);
      await clock.advance(1);
      expect(subscription.states).toEqual(["unsubscribed"]);
      expect(open()).toHaveLength(0);
      await clock.advance(100);
      expect(open()).toHaveLength(1);
    },
  );

  test("is found dead by the next subscription", async () => {
    const { subscription } = await openSubscription();
    await clock.advance(60_000);
    subscriptions.subscribe("b", new RecordingListener());
    await clock.advance(5_000);
    expect(subscription.states).toEqual(["subscribed", "unsubscribed"]);
  });

  test("counts as lost if it cannot be created", async () => {
    let attempts = 0;
    const broken = new Subscriptions(() => {
      attempts += 1;
      if (attempts === 1) throw new Error("no duplicate");
      return null;
    }, clock);
    const subscription = new RecordingListener();
    const unsubscribe = broken.subscribe("a", subscription);
    await clock.advance(60_000);
    expect(subscription.states).toEqual(["unsubscribed"]);
    expect(attempts).toBeGreaterThan(10);
    expect(attempts).toBeLessThan(40);
    unsubscribe();
    expect(clock.pending).toBe(0);
  });
});

describe("a server that refuses", () => {
  test("is reported once, and not asked again for 30 s", async () => {
    const subscription = new RecordingListener();
    const unsubscribe = subscriptions.subscribe("a", subscription);
    await settle();
    await last().ready();
    await last().refuse();
    expect(subscription.states).toEqual(["unsubscribed"]);
    expect(open()).toHaveLength(0);
    unsubscribe();
    expect(clock.pending).toBe(0);
    const again = new RecordingListener();
    subscriptions.subscribe("b", again);
    await clock.advance(29_999);
    expect(again.states).toEqual(["unsubscribed"]);
    expect(connections).toHaveLength(1);
    await clock.advance(1);
    expect(connections).toHaveLength(2);
  });

  test("keeps the subscriptions that it permits", async () => {
    const { subscription } = await openSubscription("a");
    const refused = new RecordingListener();
    subscriptions.subscribe("b", refused);
    await settle();
    await last().refuse();
    expect(refused.states).toEqual(["unsubscribed"]);
    expect(subscription.states).toEqual(["subscribed"]);
    last().events.message("a", "hello");
    expect(subscription.messages).toEqual(["hello"]);
    expect(connections).toHaveLength(1);
  });

  test("that refuses an ended subscription changes nothing for the others", async () => {
    const { subscription } = await openSubscription("a");
    subscriptions.subscribe("b", new RecordingListener())();
    await settle();
    await last().refuse();
    expect(subscription.states).toEqual(["subscribed"]);
    expect(open()).toHaveLength(1);
  });

  test("is disconnected when every subscription is refused", async () => {
    const { unsubscribe } = await openSubscription("a");
    const refused = new RecordingListener();
    subscriptions.subscribe("b", refused);
    await settle();
    await last().refuse();
    unsubscribe();
    expect(open()).toHaveLength(0);
    expect(refused.states).toEqual(["unsubscribed"]);
    await clock.advance(30_000);
    expect(open()).toHaveLength(1);
  });

  test("for a reason other than permissions is asked again soon", async () => {
    const subscription = new RecordingListener();
    subscriptions.subscribe("a", subscription);
    await settle();
    await last().ready();
    await last().refuse("BUSY Redis is busy running a script");
    expect(subscription.states).toEqual(["unsubscribed"]);
    await clock.advance(100);
    expect(connections).toHaveLength(2);
  });
});

describe("a listener", () => {
  test("that throws does not affect the others", async () => {
    const broken = () => {
      throw new Error("a listener's mistake");
    };
    subscriptions.subscribe("a", { subscribed: broken, unsubscribed: broken, message: broken });
    const { subscription } = await openSubscription("a");
    last().events.message("a", "hello");
    last().events.lost();
    expect([subscription.states, subscription.messages]).toEqual([["subscribed", "unsubscribed"], ["hello"]]);
  });

  test("may remove itself and others during a notification", async () => {
    const unsubscribe: (() => void)[] = [];
    const all = () => {
      for (const end of unsubscribe) end();
    };
    const first = new RecordingListener();
    unsubscribe.push(subscriptions.subscribe("a", { subscribed() {}, unsubscribed: all, message() {} }));
    unsubscribe.push(subscriptions.subscribe("a", first));
    unsubscribe.push(subscriptions.subscribe("b", first));
    await settle();
    await last().ready();
    await last().grant();
    last().events.lost();
    await clock.advance(10_000);
    expect(first.states).toEqual(["subscribed", "subscribed"]);
    expect(connections).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test("gets no events from an ended connection or channel", async () => {
    const { subscription, unsubscribe } = await openSubscription();
    const previous = last();
    previous.events.lost();
    previous.events.message("a", "late");
    await clock.advance(100);
    previous.events.ready();
    previous.events.lost();
    await last().ready();
    unsubscribe();
    last().events.message("a", "later");
    expect(subscription.messages).toEqual([]);
    expect(open()).toHaveLength(0);
  });
});

test("closing ends the subscriptions and opens no connection any more", async () => {
  const { subscription } = await openSubscription();
  subscriptions.close();
  expect(subscription.states).toEqual(["subscribed", "unsubscribed"]);
  const late = new RecordingListener();
  subscriptions.subscribe("a", late);
  subscriptions.subscribe("b", late);
  expect(late.states).toEqual([]);
  await clock.advance(100_000);
  expect(late.states).toEqual(["unsubscribed", "unsubscribed"]);
  expect(connections).toHaveLength(1);
  expect(clock.pending).toBe(0);
});
