import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode, SubscriptionListener } from "../../src/engine/node/lock-node.js";
import type { RedisServer } from "../support/servers.js";
import { type Open, openReady, type Subject, uniqueKey } from "./subject.js";

/** A subscription listener that records its calls. */
export class RecordingListener implements SubscriptionListener {
  readonly states: string[] = [];
  readonly messages: string[] = [];

  subscribed(): void {
    this.states.push("subscribed");
  }

  unsubscribed(): void {
    this.states.push("unsubscribed");
  }

  message(message: string): void {
    this.messages.push(message);
  }

  /** The last reported state. */
  get state(): string | undefined {
    return this.states.at(-1);
  }
}

/** Subscribes; throws if the node offers no subscription. */
export function subscribe(node: LockNode, channel: string, listener: SubscriptionListener): () => void {
  const unsubscribe = node.subscribe(channel, listener);
  if (unsubscribe === null) throw new Error(`${node.name} offers no subscription`);
  return unsubscribe;
}

/** The number of subscriber connections to these servers, without those of Sentinels. */
export async function countSubscribers(servers: readonly RedisServer[]): Promise<number> {
  const lists = await Promise.all(servers.map((server) => server.call("CLIENT", "LIST", "TYPE", "pubsub")));
  const lines = lists.flatMap((list) => String(list).split("\n"));
  return lines.filter((line) => line !== "" && !/ name=sentinel-/.test(line)).length;
}

/** Longer than any delay before a lost connection is opened again. */
const pollOptions = { timeout: 10_000, interval: 5 };

/**
 * The contract of subscriptions. `servers` are all servers that the node may use; no other client may subscribe there.
 */
export function describeSubscriptionContract(
  name: string,
  open: Open,
  servers: () => readonly RedisServer[],
): void {
  describe(`${name}, its subscriptions`, () => {
    let subject: Subject;
    let node: LockNode;
    beforeAll(async () => {
      subject = await openReady(open);
      node = subject.node;
    });
    afterAll(async () => {
      await node.close();
      await subject.end();
    });

    const becomesSubscribed = (subscription: RecordingListener) =>
      expect.poll(() => subscription.state, pollOptions).toBe("subscribed");
    const receives = (subscription: RecordingListener, message: string) =>
      expect.poll(() => subscription.messages, pollOptions).toContain(message);
    const connections = (count: number) =>
      expect.poll(() => countSubscribers(servers()), pollOptions).toBe(count);
    const publish = (channel: string, message: string) => servers()[0]?.call("PUBLISH", channel, message);
    const killListeners = () =>
      Promise.all(servers().map((server) => server.call("CLIENT", "KILL", "TYPE", "pubsub")));

    test("receive what others publish on the unprefixed channel, in order, in any script, and nothing else", async () => {
      const [channel, other, subscription] = [`${uniqueKey()} ключ 🔒`, uniqueKey(), new RecordingListener()];
      const unsubscribe = subscribe(node, channel, subscription);
      expect(subscription.states).toEqual([]);
      await becomesSubscribed(subscription);
      await publish(other, "other");
      for (const message of ["first", "", "7", "третье 🔒"]) await publish(channel, message);
      await receives(subscription, "третье 🔒");
      expect(subscription.messages).toEqual(["first", "", "7", "третье 🔒"]);
      expect(subscription.states.filter((states) => states === "subscribed")).toEqual(["subscribed"]);
      unsubscribe();
      await connections(0);
    });

    test("share one connection, which ends with the last of them", async () => {
      const [channel, other] = [uniqueKey(), uniqueKey()];
      const subscriptions = [
        new RecordingListener(),
        new RecordingListener(),
        new RecordingListener(),
      ] as const;
      const unsubscribe = [
        subscribe(node, channel, subscriptions[0]),
        subscribe(node, channel, subscriptions[1]),
        subscribe(node, other, subscriptions[2]),
      ] as const;
      for (const subscription of subscriptions) await becomesSubscribed(subscription);
      expect(await countSubscribers(servers())).toBe(1);
      unsubscribe[0]();
      unsubscribe[0]();
      unsubscribe[2]();
      const late = new RecordingListener();
      const unsubscribeLate = subscribe(node, channel, late);
      await becomesSubscribed(late);
      await publish(channel, "to two");
      await publish(other, "to nobody");
      await receives(subscriptions[1], "to two");
      await receives(late, "to two");
      expect([subscriptions[0].messages, subscriptions[2].messages]).toEqual([[], []]);
      expect(await countSubscribers(servers())).toBe(1);
      unsubscribe[1]();
      unsubscribeLate();
      await connections(0);
    });

    test("are restored after the connection was lost", async () => {
      const [channel, other, subscription, second] = [
        uniqueKey(),
        uniqueKey(),
        new RecordingListener(),
        new RecordingListener(),
      ];
      const unsubscribe = [subscribe(node, channel, subscription), subscribe(node, other, second)];
      await becomesSubscribed(subscription);
      await becomesSubscribed(second);
      const before = subscription.states.length;
      await killListeners();
      await expect
        .poll(() => subscription.states.slice(before), pollOptions)
        .toEqual(["unsubscribed", "subscribed"]);
      await becomesSubscribed(second);
      await publish(channel, "again");
      await receives(subscription, "again");
      await publish(other, "this too");
      await receives(second, "this too");
      expect(await countSubscribers(servers())).toBe(1);
      for (const end of unsubscribe) end();
      await connections(0);
    });

    test("are correct after several short-lived ones", async () => {
      const [channel, kept, subscription] = [uniqueKey(), uniqueKey(), new RecordingListener()];
      const shortLived = () => subscribe(node, channel, new RecordingListener());
      shortLived()();
      shortLived()();
      const unsubscribe = [subscribe(node, channel, subscription)];
      await becomesSubscribed(subscription);
      unsubscribe.push(subscribe(node, kept, new RecordingListener()));
      unsubscribe.shift()?.();
      shortLived()();
      const again = new RecordingListener();
      unsubscribe.push(subscribe(node, channel, again));
      await becomesSubscribed(again);
      await publish(channel, "for the last");
      await receives(again, "for the last");
      expect(subscription.messages).toEqual([]);
      for (const end of unsubscribe) end();
      await connections(0);
    });

    test("leave no connection when they end at any moment of connecting", async () => {
      for (let moment = 0; moment < 25; moment++) {
        const unsubscribe = subscribe(node, uniqueKey(), new RecordingListener());
        for (let turn = 0; turn < moment; turn++) await new Promise(setImmediate);
        unsubscribe();
      }
      await connections(0);
      const [channel, subscription] = [uniqueKey(), new RecordingListener()];
      const unsubscribe = subscribe(node, channel, subscription);
      await becomesSubscribed(subscription);
      await publish(channel, "afterwards");
      await receives(subscription, "afterwards");
      unsubscribe();
      await connections(0);
    });
  });
}
