import { beforeEach, describe, expect, test } from "vitest";
import type { Subscriber, SubscriberEvents } from "../../src/clients/pubsub/subscriber.js";
import { Subscriptions } from "../../src/clients/pubsub/subscriptions.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { Ear } from "../contract/wake-contract.js";

/** A connection in the test's hands: nothing happens on it by itself. */
class Link implements Subscriber {
  readonly asked: string[] = [];
  readonly answers: { resolve(): void; reject(error: Error): void }[] = [];
  closed = 0;

  constructor(readonly events: SubscriberEvents) {}

  subscribe(channel: string): Promise<void> {
    this.asked.push(`+${channel}`);
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }

  ping(): Promise<void> {
    this.asked.push("ping");
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }

  unsubscribe(channel: string): void {
    this.asked.push(`-${channel}`);
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
let links: Link[];
let line: Subscriptions;
const last = () => links.at(-1) as Link;
const open = (): Link[] => links.filter(({ closed }) => closed === 0);

beforeEach(() => {
  clock = new VirtualClock();
  links = [];
  line = new Subscriptions((events) => {
    links.push(new Link(events));
    return last();
  }, clock);
});

async function standing(channel = "a"): Promise<{ subscription: Ear; leave: () => void }> {
  const subscription = new Ear();
  const leave = line.subscribe(channel, subscription);
  await settle();
  await last().ready();
  await last().grant();
  expect(subscription.told).toEqual(["subscribed"]);
  return { subscription, leave };
}

describe("a listening connection that hears nothing", () => {
  const answerPing = async () => {
    expect(last().asked.at(-1)).toBe("ping");
    await last().grant();
  };

  test("is asked every 10 s whether it is still there, and kept while it answers", async () => {
    const { subscription, leave } = await standing();
    for (let ping = 0; ping < 5; ping++) {
      await clock.advance(9_999);
      expect(last().answers).toHaveLength(0);
      await clock.advance(1);
      await answerPing();
    }
    // A refusal is an answer, too.
    await clock.advance(10_000);
    await last().refuse("NOPERM this user has no permissions to run the 'ping' command");
    await clock.advance(9_999);
    expect(links).toHaveLength(1);
    expect(subscription.told).toEqual(["subscribed"]);
    leave();
    expect(clock.pending).toBe(0);
  });

  test("is opened anew when it has not answered for 5 s", async () => {
    const { subscription } = await standing();
    await clock.advance(14_999);
    expect(subscription.told).toEqual(["subscribed"]);
    await clock.advance(1);
    expect(subscription.told).toEqual(["subscribed", "unsubscribed"]);
    expect(links[0]?.closed).toBe(1);
    await clock.advance(100);
    await last().ready();
    await last().grant();
    expect(subscription.told).toEqual(["subscribed", "unsubscribed", "subscribed"]);
  });

  test("is opened anew when the client's own connection is replaced", async () => {
    line.reopen();
    expect(links).toHaveLength(0);
    const { subscription, leave } = await standing();
    line.reopen();
    expect(subscription.told).toEqual(["subscribed", "unsubscribed"]);
    expect(open()).toHaveLength(0);
    await clock.advance(100);
    expect(open()).toHaveLength(1);
    await last().ready();
    await last().grant();
    expect(subscription.state).toBe("subscribed");
    leave();
    line.close();
    line.reopen();
    expect(open()).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });
});

describe("the listening connection", () => {
  test("is not opened for somebody who leaves at once, nor for somebody who leaves twice", async () => {
    const leave = line.subscribe("a", new Ear());
    leave();
    leave();
    await settle();
    expect(links).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });

  test("is closed once with the last subscription, with every timer, whatever it was waiting for", async () => {
    const leave = line.subscribe("a", new Ear());
    await settle();
    expect(clock.pending).toBe(1);
    leave();
    expect([last().closed, clock.pending]).toEqual([1, 0]);

    const asking = line.subscribe("a", new Ear());
    await settle();
    await last().ready();
    expect(last().asked).toEqual(["+a"]);
    asking();
    expect([last().closed, clock.pending]).toEqual([1, 0]);
    await last().grant();

    const trying = line.subscribe("a", new Ear());
    await settle();
    last().events.lost();
    expect(clock.pending).toBe(1);
    trying();
    expect([last().closed, clock.pending]).toEqual([1, 0]);
    expect(open()).toHaveLength(0);
  });

  test("asks for each channel once, and gives up those that nobody listens to any more, in order", async () => {
    const { leave } = await standing("a");
    const subscriptions = [new Ear(), new Ear()] as const;
    line.subscribe("a", subscriptions[0]);
    const leaveB = line.subscribe("b", subscriptions[1]);
    leaveB();
    line.subscribe("b", subscriptions[1]);
    leave();
    await settle();
    await last().grant();
    expect(last().asked).toEqual(["+a", "+b", "-b", "+b"]);
    expect(subscriptions.map(({ told }) => told)).toEqual([["subscribed"], ["subscribed"]]);
    expect(links).toHaveLength(1);
  });

  test("is opened again when it was lost, with delays that double to 5 s, and never two at once", async () => {
    const { subscription } = await standing();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      const before = clock.monotonic();
      const count = links.length;
      last().events.lost();
      last().events.lost();
      while (links.length === count) await clock.advance(1);
      delays.push(clock.monotonic() - before);
      expect(open()).toHaveLength(1);
    }
    delays.forEach((delay, attempt) => {
      const ceiling = Math.min(100 * 2 ** attempt, 5_000);
      expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
      expect(delay).toBeLessThanOrEqual(ceiling + 1);
    });
    expect(subscription.told).toEqual(["subscribed", "unsubscribed"]);
    await last().ready();
    await last().grant();
    expect(subscription.told).toEqual(["subscribed", "unsubscribed", "subscribed"]);
  });

  test("that stands only for moments is opened ever more slowly; one that stood for long, at once", async () => {
    await standing();
    const reopen = async (stood: number): Promise<number> => {
      await clock.advance(stood);
      const count = links.length;
      const before = clock.monotonic();
      last().events.lost();
      while (links.length === count) await clock.advance(1);
      await last().ready();
      await last().grant();
      return clock.monotonic() - before;
    };
    for (let times = 0; times < 8; times++) await reopen(100);
    expect(await reopen(100)).toBeGreaterThanOrEqual(2_500);
    expect(await reopen(10_000)).toBeLessThanOrEqual(101);
  });

  test("goes on waiting for those who come and go meanwhile", async () => {
    const { leave } = await standing();
    last().events.lost();
    leave();
    for (let times = 0; times < 100; times++) {
      const subscription = new Ear();
      const end = line.subscribe("a", subscription);
      await settle();
      expect(subscription.told).toEqual(["unsubscribed"]);
      end();
    }
    expect(links).toHaveLength(1);
    await clock.advance(100);
    await standing();
    expect(links).toHaveLength(2);
  });

  test.each(["while it is connecting", "while it is asked for a channel"])(
    "that says nothing for 5 s %s counts as lost",
    async (when) => {
      const subscription = new Ear();
      line.subscribe("a", subscription);
      await settle();
      if (when.includes("asked")) await last().ready();
      await clock.advance(4_999);
      expect(subscription.told).toEqual([]);
      await clock.advance(1);
      expect(subscription.told).toEqual(["unsubscribed"]);
      expect(open()).toHaveLength(0);
      await clock.advance(100);
      expect(open()).toHaveLength(1);
    },
  );

  test("that stands is noticed to be dead by the next subscription", async () => {
    const { subscription } = await standing();
    await clock.advance(60_000);
    line.subscribe("b", new Ear());
    await clock.advance(5_000);
    expect(subscription.told).toEqual(["subscribed", "unsubscribed"]);
  });

  test("that cannot even be made counts as lost", async () => {
    let attempts = 0;
    const broken = new Subscriptions(() => {
      attempts += 1;
      if (attempts === 1) throw new Error("no duplicate");
      return null;
    }, clock);
    const subscription = new Ear();
    const leave = broken.subscribe("a", subscription);
    await clock.advance(60_000);
    expect(subscription.told).toEqual(["unsubscribed"]);
    expect(attempts).toBeGreaterThan(10);
    expect(attempts).toBeLessThan(40);
    leave();
    expect(clock.pending).toBe(0);
  });
});

describe("a server that refuses", () => {
  test("is told of once, and not asked again for 30 s, by nobody", async () => {
    const subscription = new Ear();
    const leave = line.subscribe("a", subscription);
    await settle();
    await last().ready();
    await last().refuse();
    expect(subscription.told).toEqual(["unsubscribed"]);
    expect(open()).toHaveLength(0);
    leave();
    expect(clock.pending).toBe(0);
    const again = new Ear();
    line.subscribe("b", again);
    await clock.advance(29_999);
    expect(again.told).toEqual(["unsubscribed"]);
    expect(links).toHaveLength(1);
    await clock.advance(1);
    expect(links).toHaveLength(2);
  });

  test("lets those hear who may", async () => {
    const { subscription } = await standing("a");
    const refused = new Ear();
    line.subscribe("b", refused);
    await settle();
    await last().refuse();
    expect(refused.told).toEqual(["unsubscribed"]);
    expect(subscription.told).toEqual(["subscribed"]);
    last().events.message("a", "hello");
    expect(subscription.messages).toEqual(["hello"]);
    expect(links).toHaveLength(1);
  });

  test("that refuses somebody who has left meanwhile changes nothing for the others", async () => {
    const { subscription } = await standing("a");
    line.subscribe("b", new Ear())();
    await settle();
    await last().refuse();
    expect(subscription.told).toEqual(["subscribed"]);
    expect(open()).toHaveLength(1);
  });

  test("is left when nobody may hear anything any more", async () => {
    const { leave } = await standing("a");
    const refused = new Ear();
    line.subscribe("b", refused);
    await settle();
    await last().refuse();
    leave();
    expect(open()).toHaveLength(0);
    expect(refused.told).toEqual(["unsubscribed"]);
    await clock.advance(30_000);
    expect(open()).toHaveLength(1);
  });

  test("for another reason than permissions is asked again soon", async () => {
    const subscription = new Ear();
    line.subscribe("a", subscription);
    await settle();
    await last().ready();
    await last().refuse("BUSY Redis is busy running a script");
    expect(subscription.told).toEqual(["unsubscribed"]);
    await clock.advance(100);
    expect(links).toHaveLength(2);
  });
});

describe("a listener", () => {
  test("that throws keeps nobody else in the dark", async () => {
    const broken = () => {
      throw new Error("a listener's mistake");
    };
    line.subscribe("a", { subscribed: broken, unsubscribed: broken, message: broken });
    const { subscription } = await standing("a");
    last().events.message("a", "hello");
    last().events.lost();
    expect([subscription.told, subscription.messages]).toEqual([["subscribed", "unsubscribed"], ["hello"]]);
  });

  test("may leave, and make others leave, while it is told", async () => {
    const leave: (() => void)[] = [];
    const all = () => {
      for (const end of leave) end();
    };
    const first = new Ear();
    leave.push(line.subscribe("a", { subscribed() {}, unsubscribed: all, message() {} }));
    leave.push(line.subscribe("a", first));
    leave.push(line.subscribe("b", first));
    await settle();
    await last().ready();
    await last().grant();
    last().events.lost();
    await clock.advance(10_000);
    expect(first.told).toEqual(["subscribed", "subscribed"]);
    expect(links).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test("hears nothing of a connection, or of a channel, that is over", async () => {
    const { subscription, leave } = await standing();
    const former = last();
    former.events.lost();
    former.events.message("a", "late");
    await clock.advance(100);
    former.events.ready();
    former.events.lost();
    await last().ready();
    leave();
    last().events.message("a", "later");
    expect(subscription.messages).toEqual([]);
    expect(open()).toHaveLength(0);
  });
});

test("closed for good, it tells so, and opens nothing any more", async () => {
  const { subscription } = await standing();
  line.close();
  expect(subscription.told).toEqual(["subscribed", "unsubscribed"]);
  const late = new Ear();
  line.subscribe("a", late);
  line.subscribe("b", late);
  expect(late.told).toEqual([]);
  await clock.advance(100_000);
  expect(late.told).toEqual(["unsubscribed", "unsubscribed"]);
  expect(links).toHaveLength(1);
  expect(clock.pending).toBe(0);
});
