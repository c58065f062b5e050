import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode, WakeListener } from "../../src/engine/node/lock-node.js";
import type { RedisServer } from "../support/servers.js";
import { type Open, openReady, type Subject, uniqueKey } from "./subject.js";

/** A listener that writes down what it is told. */
export class Ear implements WakeListener {
  readonly told: string[] = [];
  readonly messages: string[] = [];

  standing(): void {
    this.told.push("standing");
  }

  fallen(): void {
    this.told.push("fallen");
  }

  heard(message: string): void {
    this.messages.push(message);
  }

  /** What it was told last. */
  get state(): string | undefined {
    return this.told.at(-1);
  }
}

/** Subscribes where that must be possible. */
export function listen(node: LockNode, channel: string, ear: WakeListener): () => void {
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

    const stands = (ear: Ear) => expect.poll(() => ear.state, patience).toBe("standing");
    const hears = (ear: Ear, message: string) => expect.poll(() => ear.messages, patience).toContain(message);
    const connections = (count: number) => expect.poll(() => listeningTo(servers()), patience).toBe(count);
    const publish = (channel: string, message: string) => servers()[0]?.call("PUBLISH", channel, message);
    const killListeners = () =>
      Promise.all(servers().map((server) => server.call("CLIENT", "KILL", "TYPE", "pubsub")));

    test("is what others publish on the bare channel, in order, in any script, and nothing else", async () => {
      const [channel, other, ear] = [`${uniqueKey()} ключ 🔒`, uniqueKey(), new Ear()];
      const leave = listen(node, channel, ear);
      expect(ear.told).toEqual([]);
      await stands(ear);
      await publish(other, "other");
      for (const message of ["first", "", "7", "третье 🔒"]) await publish(channel, message);
      await hears(ear, "третье 🔒");
      expect(ear.messages).toEqual(["first", "", "7", "третье 🔒"]);
      expect(ear.told.filter((told) => told === "standing")).toEqual(["standing"]);
      leave();
      await connections(0);
    });

    test("comes over one connection for all who subscribe, which goes with the last of them", async () => {
      const [channel, other] = [uniqueKey(), uniqueKey()];
      const ears = [new Ear(), new Ear(), new Ear()] as const;
      const leave = [
        listen(node, channel, ears[0]),
        listen(node, channel, ears[1]),
        listen(node, other, ears[2]),
      ] as const;
      for (const ear of ears) await stands(ear);
      expect(await listeningTo(servers())).toBe(1);
      leave[0]();
      leave[0]();
      leave[2]();
      const late = new Ear();
      const leaveLate = listen(node, channel, late);
      await stands(late);
      await publish(channel, "to two");
      await publish(other, "to nobody");
      await hears(ears[1], "to two");
      await hears(late, "to two");
      expect([ears[0].messages, ears[2].messages]).toEqual([[], []]);
      expect(await listeningTo(servers())).toBe(1);
      leave[1]();
      leaveLate();
      await connections(0);
    });

    test("is heard again after the connection was lost", async () => {
      const [channel, other, ear, second] = [uniqueKey(), uniqueKey(), new Ear(), new Ear()];
      const leave = [listen(node, channel, ear), listen(node, other, second)];
      await stands(ear);
      await stands(second);
      const before = ear.told.length;
      await killListeners();
      await expect.poll(() => ear.told.slice(before), patience).toEqual(["fallen", "standing"]);
      await stands(second);
      await publish(channel, "again");
      await hears(ear, "again");
      await publish(other, "this too");
      await hears(second, "this too");
      expect(await listeningTo(servers())).toBe(1);
      for (const end of leave) end();
      await connections(0);
    });

    test("is only what the last of several hasty subscriptions asked for", async () => {
      const [channel, kept, ear] = [uniqueKey(), uniqueKey(), new Ear()];
      const hasty = () => listen(node, channel, new Ear());
      hasty()();
      hasty()();
      const leave = [listen(node, channel, ear)];
      await stands(ear);
      leave.push(listen(node, kept, new Ear()));
      leave.shift()?.();
      hasty()();
      const again = new Ear();
      leave.push(listen(node, channel, again));
      await stands(again);
      await publish(channel, "for the last");
      await hears(again, "for the last");
      expect(ear.messages).toEqual([]);
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
      const [channel, ear] = [uniqueKey(), new Ear()];
      const leave = listen(node, channel, ear);
      await stands(ear);
      await publish(channel, "afterwards");
      await hears(ear, "afterwards");
      leave();
      await connections(0);
    });
  });
}
