import { beforeEach, describe, expect, test } from "vitest";
import { InProcessNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import {
  acquire,
  granted,
  heldBy,
  holderOf,
  one,
  release,
  runIdOf,
  tokenOf,
  ttlOf,
} from "../contract/subject.js";
import { RecordingListener } from "../contract/subscription-contract.js";

const lost = { kind: "failed", reason: "connection", message: expect.stringContaining("crashed") };
const down = { kind: "failed", reason: "notReady", message: expect.any(String) };

describe("a memory node", () => {
  test("expires a key by the given clock, without a timer", async () => {
    const clock = new VirtualClock();
    const node = memoryNode("clocked", { clock });
    await one(node, acquire("key", tokenOf("me"), 1_000));
    await clock.advance(999);
    expect(ttlOf(await one(node, acquire("key", tokenOf("you"))))).toBe(1);
    await clock.advance(1);
    expect(await one(node, acquire("key", tokenOf("you")))).toEqual(granted);
    expect(clock.pending).toBe(0);
  });

  test("names an option that it does not know, and not its value", () => {
    const wrong = { clok: "a secret" } as never;
    expect(() => memoryNode("a", wrong)).toThrow(
      /^clok must be left out: the only option is clock; got (?!.*secret)/,
    );
    expect(() => memoryNode().restart(wrong)).toThrow(
      /^clok must be left out: the only option is keepMemory;/,
    );
  });

  test("sweeps expired keys, so that abandoned keys do not accumulate", async () => {
    const clock = new VirtualClock();
    const node = memoryNode("swept", { clock });
    for (let round = 0; round < 5; round++) {
      const keys = Array.from({ length: 1_000 }, (_, index) => `${round}:${index}`);
      expect(await one(node, acquire(keys, tokenOf("me"), 10))).toEqual(granted);
      await clock.advance(10);
    }
    expect(await holderOf(node, "4:1")).toBeNull();
  });

  test("answers asynchronously, but executes at once and in order", async () => {
    const node = memoryNode();
    const [first, second] = [tokenOf("first"), tokenOf("second")];
    let answered = false;
    const answers = [one(node, acquire("key", first)), one(node, acquire("key", second))];
    void answers[0]?.then(() => {
      answered = true;
    });
    expect(answered).toBe(false);
    expect(await Promise.all(answers)).toEqual([granted, heldBy("first", "key")]);
  });

  test("has a name and an identity of its own", async () => {
    const [a, b] = [memoryNode(), memoryNode()];
    expect(a.name).not.toBe(b.name);
    expect(await runIdOf(a)).not.toBe(await runIdOf(b));
    const [c, d] = [memoryNode("same"), memoryNode("same")];
    expect(await runIdOf(c)).not.toBe(await runIdOf(d));
  });

  describe("that crashes", () => {
    test("is down, tells its watchers the cause, and answers nothing", async () => {
      const node = memoryNode("fragile");
      const seen: [string, string | undefined][] = [];
      node.watch((connection, cause) => seen.push([connection, cause?.message]));
      node.crash();
      node.crash();
      expect(node.connection).toBe("down");
      expect(seen).toEqual([["down", "fragile crashed"]]);
      expect(await one(node, acquire("key", tokenOf("me")))).toEqual(down);
      await expect(runIdOf(node)).rejects.toThrow("fragile");
    });

    test("loses the answers that were on their way", async () => {
      const node = memoryNode();
      const answer = one(node, acquire("key", tokenOf("me")));
      node.crash();
      expect(await answer).toEqual(lost);
      const restarted = one(node, acquire("key", tokenOf("me")));
      node.restart();
      expect(await restarted).toEqual(down);
    });

    test("comes back empty with a new identity, and notifies its watchers", async () => {
      const node = memoryNode();
      const before = await runIdOf(node);
      await one(node, acquire("key", tokenOf("me")));
      const seen: string[] = [];
      node.watch((connection) => seen.push(connection));
      node.crash();
      node.restart();
      expect(seen).toEqual(["down", "ready"]);
      expect(await runIdOf(node)).not.toBe(before);
      expect(await holderOf(node, "key")).toBeNull();
    });

    test("comes back with its memory if told to keep it", async () => {
      const node = memoryNode();
      await one(node, acquire("key", tokenOf("me")));
      node.crash();
      node.restart({ keepMemory: true });
      expect(await holderOf(node, "key")).toMatchObject({ owner: "me" });
    });

    test("notifies the other watchers when one throws", () => {
      const node = memoryNode();
      const seen: string[] = [];
      node.watch(() => {
        throw new Error("a watcher's mistake");
      });
      node.watch((connection) => seen.push(connection));
      node.crash();
      expect(seen).toEqual(["down"]);
    });
  });

  describe("with subscribers", () => {
    let node: InProcessNode;
    beforeEach(() => {
      node = new InProcessNode("heard", 1, new VirtualClock());
    });

    test("delivers published messages to the current subscribers, in order, never during the call", async () => {
      const [first, second, other] = [
        new RecordingListener(),
        new RecordingListener(),
        new RecordingListener(),
      ];
      node.subscribe("channel", first);
      const unsubscribe = node.subscribe("channel", second);
      node.subscribe("other", other);
      expect(first.states).toEqual([]);
      await settle();
      expect([first.states, second.states, other.states]).toEqual([
        ["subscribed"],
        ["subscribed"],
        ["subscribed"],
      ]);
      expect(node.deliver("channel", "one")).toBe(2);
      expect(node.deliver("channel", "two")).toBe(2);
      expect(node.deliver("nobody's", "three")).toBe(0);
      expect(first.messages).toEqual([]);
      await settle();
      unsubscribe();
      unsubscribe();
      expect(node.deliver("channel", "four")).toBe(1);
      await settle();
      expect([first.messages, second.messages, other.messages]).toEqual([
        ["one", "two", "four"],
        ["one", "two"],
        [],
      ]);
    });

    test("ends its subscriptions when it crashes, loses messages in flight, and resubscribes when it is back", async () => {
      const subscription = new RecordingListener();
      node.subscribe("channel", subscription);
      await settle();
      node.deliver("channel", "lost");
      node.crash();
      expect(node.deliver("channel", "nowhere")).toBe(0);
      const late = new RecordingListener();
      node.subscribe("late", late);
      await settle();
      expect([subscription.states, late.states]).toEqual([["subscribed", "unsubscribed"], ["unsubscribed"]]);
      node.restart();
      node.deliver("channel", "back");
      await settle();
      expect([subscription.states, late.states]).toEqual([
        ["subscribed", "unsubscribed", "subscribed"],
        ["unsubscribed", "subscribed"],
      ]);
      expect(subscription.messages).toEqual(["back"]);
    });

    test("loses messages published right before a restart", async () => {
      const subscription = new RecordingListener();
      node.subscribe("channel", subscription);
      await settle();
      node.deliver("channel", "lost");
      node.restart({ keepMemory: true });
      await settle();
      expect([subscription.states, subscription.messages]).toEqual([
        ["subscribed", "unsubscribed", "subscribed"],
        [],
      ]);
    });

    test("delivers nothing while it hangs, and everything in order when it wakes", async () => {
      const [subscription, late] = [new RecordingListener(), new RecordingListener()];
      node.subscribe("channel", subscription);
      await settle();
      node.hang();
      node.subscribe("late", late);
      expect(node.deliver("channel", "one")).toBe(1);
      node.deliver("channel", "two");
      await settle();
      expect([subscription.messages, late.states]).toEqual([[], []]);
      node.wake();
      node.deliver("channel", "three");
      await settle();
      expect([subscription.messages, late.states]).toEqual([["one", "two", "three"], ["subscribed"]]);
      node.hang();
      node.deliver("channel", "lost");
      node.crash();
      await settle();
      expect([subscription.messages, subscription.states]).toEqual([
        ["one", "two", "three"],
        ["subscribed", "unsubscribed"],
      ]);
    });

    test("continues when a listener throws, and drops channels without listeners", async () => {
      const subscription = new RecordingListener();
      const broken = () => {
        throw new Error("a listener's mistake");
      };
      const unsubscribe = node.subscribe("channel", {
        subscribed: broken,
        unsubscribed: broken,
        message: broken,
      });
      node.subscribe("channel", subscription);
      await settle();
      node.deliver("channel", "one");
      await settle();
      expect(subscription.messages).toEqual(["one"]);
      unsubscribe();
      expect(node.deliver("channel", "two")).toBe(1);
    });
  });

  describe("that hangs", () => {
    test("stays connected, keeps requests, and executes them in order when it wakes", async () => {
      const node = memoryNode();
      const token = tokenOf("me");
      node.hang();
      const answers: unknown[] = [];
      const sent = [acquire("key", token), release("key", token), acquire("key", tokenOf("you"))].map(
        (command) => one(node, command).then((reply) => answers.push(reply)),
      );
      await Promise.resolve();
      expect(node.connection).toBe("ready");
      expect(answers).toEqual([]);
      node.wake();
      await Promise.all(sent);
      expect(answers).toEqual([granted, granted, granted]);
      expect(await holderOf(node, "key")).toMatchObject({ owner: "you" });
    });

    test("loses the requests when it crashes", async () => {
      const node = memoryNode();
      node.hang();
      const answer = one(node, acquire("key", tokenOf("me")));
      const identity = runIdOf(node);
      node.restart({ keepMemory: true });
      expect(await answer).toEqual(lost);
      await expect(identity).rejects.toThrow("not connected");
      expect(await holderOf(node, "key")).toBeNull();
    });
  });
});
