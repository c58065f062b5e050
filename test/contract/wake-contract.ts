import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode, SubscriptionListener } from "../../src/engine/node/lock-node.js";
import type { RedisServer } from "../support/servers.js";
import { type Open, openReady, type Subject, uniqueKey } from "./subject.js";

/** A listener that writes down what it is told. */
export class Ear implements SubscriptionListener {
  readonly told: string[] = [];
  readonly messages: string[] = [];

  subscribed(): void {
    this.told.push("subscribed");
  }

  unsubscribed(): void {
    this.told.push("unsubscribed");
  }

  message(message: string): void {
    this.messages.push(message);
  }

  /** What it was told last. */
  get state(): string | undefined {
    return this.told.at(-1);
  }
}

/** Subscribes where that must be possible. */
export function listen(node: LockNode, channel: string, ear: SubscriptionListener): () => void {
  const leave = node.subscribe(channel, ear);
  if (leave === null) throw new Error(`${node.name} offers no subscription`);
  return leave;
}

/** Connections to these servers that listen, without those of Sentinels. */
export async function listeningTo(servers: readonly RedisServer[]): Promise<number> {
  const lists = await Promise.all(servers.map((server) => server.call("CLIENT", "LIST", "TYPE", "pubsub")));
  const lines = lists.flatMap((list) => String(list).split("\n"));
  return lines.filter((line) => line !== "" && !/ name=sentinel-/.test(line)).length;
}

/** Longer than any delay before a lost connection is opened again. */
const patience = { timeout: 10_000, interval: 5 };

/** How a node hears messages. `servers` are all that it may be connected to; nobody else may be listening to them. */
export function describeWakeContract(name: string, open: Open, servers: () => readonly RedisServer[]): void {
  describe(`${name}, what it hears`, () => {
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

    const stands = (subscription: Ear) => expect.poll(() => subscription.state, patience).toBe("subscribed");
    const hears = (subscription: Ear, message: string) =>
      expect.poll(() => subscription.messages, patience).toContain(message);
    const connections = (count: number) => expect.poll(() => listeningTo(servers()), patience).toBe(count);
    const publish = (channel: string, message: string) => servers()[0]?.call("PUBLISH", channel, message);
    const killListeners = () =>
      Promise.all(servers().map((server) => server.call("CLIENT", "KILL", "TYPE", "pubsub")));

    test("is what others publish on the bare channel, in order, in any script, and nothing else", async () => {
      const [channel, other, subscription] = [`${uniqueKey()} ключ 🔒`, uniqueKey(), new Ear()];
      const leave = listen(node, channel, subscription);
      expect(subscription.told).toEqual([]);
      await stands(subscription);
      await publish(other, "other");
      for (const message of ["first", "", "7", "третье 🔒"]) await publish(channel, message);
      await hears(subscription, "третье 🔒");
      expect(subscription.messages).toEqual(["first", "", "7", "третье 🔒"]);
      expect(subscription.told.filter((told) => told === "subscribed")).toEqual(["subscribed"]);
      leave();
      await connections(0);
    });

    test("comes over one connection for all who subscribe, which goes with the last of them", async () => {
      const [channel, other] = [uniqueKey(), uniqueKey()];
      const subscriptions = [new Ear(), new Ear(), new Ear()] as const;
      const leave = [
        listen(node, channel, subscriptions[0]),
        listen(node, channel, subscriptions[1]),
        listen(node, other, subscriptions[2]),
      ] as const;
      for (const subscription of subscriptions) await stands(subscription);
      expect(await listeningTo(servers())).toBe(1);
      leave[0]();
      leave[0]();
      leave[2]();
      const late = new Ear();
      const leaveLate = listen(node, channel, late);
      await stands(late);
      await publish(channel, "to two");
      await publish(other, "to nobody");
      await hears(subscriptions[1], "to two");
      await hears(late, "to two");
      expect([subscriptions[0].messages, subscriptions[2].messages]).toEqual([[], []]);
      expect(await listeningTo(servers())).toBe(1);
      leave[1]();
      leaveLate();
      await connections(0);
    });

    test("is heard again after the connection was lost", async () => {
      const [channel, other, subscription, second] = [uniqueKey(), uniqueKey(), new Ear(), new Ear()];
      const leave = [listen(node, channel, subscription), listen(node, other, second)];
      await stands(subscription);
      await stands(second);
      const before = subscription.told.length;
      await killListeners();
      await expect
        .poll(() => subscription.told.slice(before), patience)
        .toEqual(["unsubscribed", "subscribed"]);
      await stands(second);
      await publish(channel, "again");
      await hears(subscription, "again");
      await publish(other, "this too");
      await hears(second, "this too");
      expect(await listeningTo(servers())).toBe(1);
      for (const end of leave) end();
      await connections(0);
    });

    test("is only what the last of several hasty subscriptions asked for", async () => {
      const [channel, kept, subscription] = [uniqueKey(), uniqueKey(), new Ear()];
      const hasty = () => listen(node, channel, new Ear());
      hasty()();
      hasty()();
      const leave = [listen(node, channel, subscription)];
      await stands(subscription);
      leave.push(listen(node, kept, new Ear()));
      leave.shift()?.();
      hasty()();
      const again = new Ear();
      leave.push(listen(node, channel, again));
      await stands(again);
      await publish(channel, "for the last");
      await hears(again, "for the last");
      expect(subscription.messages).toEqual([]);
      for (const end of leave) end();
      await connections(0);
    });

    test("is nothing, and no connection is left, when it is given up in any moment of connecting", async () => {
      for (let moment = 0; moment < 25; moment++) {
        const leave = listen(node, uniqueKey(), new Ear());
        for (let turn = 0; turn < moment; turn++) await new Promise(setImmediate);
        leave();
      }
      await connections(0);
      const [channel, subscription] = [uniqueKey(), new Ear()];
      const leave = listen(node, channel, subscription);
      await stands(subscription);
      await publish(channel, "afterwards");
      await hears(subscription, "afterwards");
      leave();
      await connections(0);
    });
  });
}
