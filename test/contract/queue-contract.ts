import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockCommand, Place } from "../../src/engine/command.js";
import type { LockNode } from "../../src/engine/node.js";
import type { QueueView } from "./queue-view.js";
import {
  acquire,
  granted,
  heldBy,
  holderOf,
  missing,
  type Open,
  one,
  openReady,
  release,
  run,
  type Subject,
  tokenOf,
  uniqueKey,
} from "./subject.js";

let processes = 0;
/** A process no other test uses, and places of its: `place("a", 3)`. */
export function newcomer(): { process: string; place: (name: string, ticket: number) => Place } {
  const name = `process${++processes}`;
  return {
    process: name,
    place: (id, ticket) => ({ id: `${name}:${id}`, ticket: 1_700_000_000_000 + ticket }),
  };
}

interface Asked {
  readonly owner?: string;
  readonly token?: string;
  readonly barge?: boolean;
  readonly fence?: number;
}

/** An acquire that heeds the queue. */
export const heeding = (key: string, place: Place | null, asked: Asked = {}): LockCommand => ({
  op: "acquire",
  keys: [key],
  token: asked.token ?? tokenOf(asked.owner ?? "me"),
  ttl: 60_000,
  queue: { place, barge: asked.barge ?? false },
  ...(asked.fence === undefined ? {} : { fence: asked.fence }),
});

/** A release that heeds the queue. */
export const parting = (key: string, token: string, id: string | null, wake: boolean): LockCommand => ({
  op: "release",
  keys: [key],
  token,
  queue: { id, wake },
});

/**
 * Who waits for a key, on every node. What must happen while a free key is kept for somebody goes in one batch, so that
 * no pause of the machine comes between.
 */
export function describeQueueContract(
  name: string,
  open: Open,
  openView: (subject: Subject) => QueueView | Promise<QueueView>,
): void {
  describe(`${name}, its queues`, () => {
    let subject: Subject;
    let node: LockNode;
    let view: QueueView;
    const denied = (key: string) => heldBy("holder", key);

    beforeAll(async () => {
      subject = await openReady(open);
      node = subject.node;
      view = await openView(subject);
    });
    afterAll(async () => {
      await node.close();
      await subject.end();
      view.close();
    });

    /** A key that is held, and those who wait for it, in this order of asking. */
    async function contended(...names: readonly (readonly [string, number])[]) {
      const [key, token, { process, place }] = [uniqueKey(), tokenOf("holder"), newcomer()];
      const before = await view.beside(key);
      expect(await one(node, acquire(key, token, 60_000))).toEqual(granted);
      const places = names.map(([id, ticket]) => place(id, ticket));
      const replies = await run(node, ...places.map((each) => heeding(key, each)));
      expect(replies).toEqual(places.map(() => denied(key)));
      const heard = async () => (await view.heard(process)).map((id) => id.slice(process.length + 1));
      return { key, token, process, place, places: places as [Place, Place, Place], heard, before };
    }

    describe("where nobody waits", () => {
      test("a key is granted and denied as ever, and nothing is kept of who does not wait", async () => {
        for (const barge of [false, true]) {
          const { key, token, before, heard, place } = await contended();
          expect(await one(node, heeding(key, null, { barge }))).toEqual(denied(key));
          expect(await one(node, parting(key, token, null, true))).toEqual(granted);
          expect(await one(node, parting(key, token, null, true))).toEqual(missing);
          expect(await one(node, heeding(key, place("a", 1), { barge, token }))).toEqual(granted);
          expect(await holderOf(node, key)).toMatchObject({ owner: "holder" });
          expect(await view.beside(key)).toEqual(before);
          await one(node, release(key, token));
          expect(await one(node, heeding(key, null, { barge, owner: "next" }))).toEqual(granted);
          expect(await holderOf(node, key)).toMatchObject({ owner: "next" });
          expect(await heard()).toEqual([]);
        }
      });
    });

    describe("who is denied", () => {
      test("waits, also as one who barges, and others are then denied a free key", async () => {
        for (const barge of [false, true]) {
          const { key, token, place, before } = await contended();
          expect(await one(node, heeding(key, place("a", 1), { barge }))).toEqual(denied(key));
          expect(await view.beside(key)).not.toEqual(before);
          await one(node, release(key, token));
          expect(await run(node, heeding(key, place("b", 2)), heeding(key, null))).toEqual([
            missing,
            missing,
          ]);
          expect(await holderOf(node, key)).toBeNull();
        }
      });

      test("keeps its place when it asks again", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        expect(await run(node, ...places.map((each) => heeding(key, each)))).toEqual([
          denied(key),
          denied(key),
        ]);
        await one(node, parting(key, token, null, true));
        expect(await heard()).toEqual(["a"]);
      });

      test("is not taken for one who waits for another key", async () => {
        const { key, token, place } = await contended(["a", 1]);
        expect(await one(node, heeding(`${key}b`, place("b", 2)))).toEqual(granted);
        await one(node, release(key, token));
        expect(await one(node, heeding(key, null))).toEqual(missing);
      });
    });

    test("turns come by ticket, and then by id, whoever asked first", async () => {
      const { key, token, place, heard, before } = await contended(
        ["c", 30],
        ["b", 20],
        ["a", 20],
        ["d", 1],
        ["e", 100],
      );
      const turns = [place("d", 1), place("a", 20), place("b", 20), place("c", 30), place("e", 100)];
      const tokens = [token, ...turns.map(() => tokenOf("holder"))];
      const commands = turns.flatMap((turn, index) => [
        parting(key, tokens[index] as string, null, true),
        heeding(key, turn, { token: tokens[index + 1] as string }),
        ...turns.slice(index + 1).map((each) => heeding(key, each)),
      ]);
      const replies = await run(node, ...commands);
      expect(replies).toEqual(
        turns.flatMap((_, index) => [granted, granted, ...turns.slice(index + 1).map(() => denied(key))]),
      );
      expect(await heard()).toEqual(["d", "a", "b", "c", "e"]);
      expect(await view.beside(key)).toEqual(before);
    });

    describe("a free key", () => {
      test("goes to the first only; who else asks is denied, and the first is told, once", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        expect(await one(node, parting(key, token, null, false))).toEqual(granted);
        expect(await heard()).toEqual([]);
        const replies = await run(
          node,
          heeding(key, null),
          heeding(key, places[1]),
          heeding(key, null),
          heeding(key, places[1]),
          heeding(key, places[0]),
          heeding(key, null),
        );
        expect(replies).toEqual([missing, missing, missing, missing, granted, heldBy("me", key)]);
        expect(await heard()).toEqual(["a"]);
      });

      test("goes to one who asks for the first time, if it came before all others", async () => {
        const { key, token, place, places, heard } = await contended(["a", 2]);
        const replies = await run(
          node,
          parting(key, token, null, true),
          heeding(key, place("b", 3)),
          heeding(key, place("c", 1)),
          heeding(key, places[0]),
        );
        expect(replies).toEqual([granted, missing, granted, heldBy("me", key)]);
        expect(await heard()).toEqual(["a"]);
      });

      test("is told to the first on the channel of its process, not to others", async () => {
        const { key, token, places, process, heard } = await contended(["a", 1]);
        const other = newcomer();
        await one(node, heeding(key, other.place("x", 2)));
        await run(node, parting(key, token, null, true), heeding(key, places[0], { token }));
        await one(node, parting(key, token, null, true));
        expect([await heard(), await view.heard(other.process)]).toEqual([["a"], [`${other.process}:x`]]);
        expect(process).not.toBe(other.process);
      });

      test("goes to one who barges, and the first keeps its place", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        const barging = tokenOf("barging");
        const taken = heldBy("barging", key);
        const replies = await run(
          node,
          parting(key, token, null, true),
          heeding(key, null, { barge: true, token: barging }),
          heeding(key, places[1]),
          heeding(key, places[0]),
        );
        expect(replies).toEqual([granted, granted, taken, taken]);
        await view.elapse(key, 60);
        expect(await one(node, parting(key, barging, null, true))).toEqual(granted);
        expect(await heard()).toEqual(["a", "a"]);
      });

      test("is left by one who waited and barges", async () => {
        const { key, token, places, before } = await contended(["a", 1]);
        await one(node, release(key, token));
        expect(await one(node, heeding(key, places[0], { barge: true }))).toEqual(granted);
        expect(await view.beside(key)).toEqual(before);
      });

      test("is kept for a moment only for the first: then it is the next one's turn", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2], ["c", 3]);
        await one(node, parting(key, token, null, true));
        await view.elapse(key, 50);
        expect(await run(node, heeding(key, places[2]), heeding(key, null))).toEqual([missing, missing]);
        expect(await heard()).toEqual(["a", "b"]);
        await view.elapse(key, 50);
        expect(await one(node, heeding(key, places[2]))).toEqual(granted);
        expect(await heard()).toEqual(["a", "b"]);
      });

      test("is denied by the holder's name to all while it is held", async () => {
        const { key, places } = await contended(["a", 1], ["b", 2]);
        const commands = [heeding(key, places[0]), heeding(key, places[1]), heeding(key, null)];
        expect(await run(node, ...commands)).toEqual([denied(key), denied(key), denied(key)]);
      });
    });

    test("a key that holds the token already is granted whoever waits, and the place is left", async () => {
      const { key, token, place, heard, before } = await contended(["a", 2]);
      expect(await one(node, heeding(key, null, { token }))).toEqual(granted);
      expect(await one(node, heeding(key, place("b", 3), { token }))).toEqual(granted);
      await one(node, parting(key, token, place("a", 2).id, true));
      expect(await heard()).toEqual([]);
      expect(await view.beside(key)).toEqual(before);
    });

    describe("who does not show itself", () => {
      test("loses its place in time, and the next one moves up", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        await view.elapse(key, 800);
        await one(node, heeding(key, places[1]));
        await view.elapse(key, 700);
        await one(node, parting(key, token, null, true));
        expect(await heard()).toEqual(["b"]);
      });

      test("has it for a while", async () => {
        const { key, token, heard } = await contended(["a", 1], ["b", 2]);
        await view.elapse(key, 1_000);
        await one(node, parting(key, token, null, true));
        expect(await heard()).toEqual(["a"]);
      });

      test("gets its place again when it comes back", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        await view.elapse(key, 800);
        await one(node, heeding(key, places[1]));
        await view.elapse(key, 800);
        await run(node, heeding(key, places[1]), heeding(key, places[0]));
        await one(node, parting(key, token, null, true));
        expect(await heard()).toEqual(["a"]);
      });

      test("keeps nobody out when it was the last", async () => {
        const { key, token, heard, before } = await contended(["a", 1]);
        await view.elapse(key, 1_500);
        expect(await run(node, parting(key, token, null, true), heeding(key, null))).toEqual([
          granted,
          granted,
        ]);
        expect(await heard()).toEqual([]);
        expect(await view.beside(key)).toEqual(before);
      });
    });

    describe("a release", () => {
      test("tells the first that the key is free", async () => {
        const { key, token, heard } = await contended(["a", 1], ["b", 2]);
        expect(await one(node, parting(key, token, null, true))).toEqual(granted);
        expect(await holderOf(node, key)).toBeNull();
        expect(await heard()).toEqual(["a"]);
      });

      test("leaves the place with it, and passes the turn to the next", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        expect(await one(node, parting(key, token, places[0].id, true))).toEqual(granted);
        expect(await heard()).toEqual(["b"]);
      });

      test("of what a minority had granted tells nobody", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        expect(await one(node, parting(key, token, places[0].id, false))).toEqual(granted);
        expect(await heard()).toEqual([]);
        await one(node, heeding(key, null));
        expect(await heard()).toEqual(["b"]);
      });

      test("of a key that is free passes the turn on with the place that it leaves", async () => {
        for (const wake of [true, false]) {
          const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
          await one(node, release(key, token));
          expect(await one(node, parting(key, tokenOf("me"), places[0].id, wake))).toEqual(missing);
          expect(await heard()).toEqual(["b"]);
        }
      });

      test("of a key that is free and without a place wakes only if it is to", async () => {
        const { key, token, heard } = await contended(["a", 1]);
        await one(node, release(key, token));
        expect(await one(node, parting(key, token, null, false))).toEqual(missing);
        expect(await heard()).toEqual([]);
        expect(await one(node, parting(key, token, null, true))).toEqual(missing);
        expect(await heard()).toEqual(["a"]);
      });

      test("of a key that somebody else holds leaves the place, and tells nobody", async () => {
        for (const wake of [true, false]) {
          const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
          expect(await one(node, parting(key, tokenOf("me"), places[0].id, wake))).toEqual(denied(key));
          expect(await heard()).toEqual([]);
          await one(node, parting(key, token, null, true));
          expect(await heard()).toEqual(["b"]);
        }
      });

      test("tells the first once, however often and by whomever the key is released", async () => {
        const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
        await run(
          node,
          parting(key, token, null, true),
          parting(key, token, null, true),
          parting(key, tokenOf("me"), places[1].id, true),
        );
        expect(await heard()).toEqual(["a"]);
      });

      test("that leaves the last place leaves nothing behind", async () => {
        for (const wake of [true, false]) {
          const { key, token, places, before } = await contended(["a", 1], ["b", 2]);
          await one(node, parting(key, tokenOf("me"), places[1].id, wake));
          await one(node, parting(key, tokenOf("me"), places[0].id, wake));
          expect(await one(node, parting(key, token, null, true))).toEqual(granted);
          expect(await view.beside(key)).toEqual(before);
          expect(await one(node, heeding(key, null))).toEqual(granted);
        }
      });
    });

    describe("a fence", () => {
      const accepted = (fence: number) => ({ kind: "granted", fence: { accepted: true, highest: fence } });
      const highest = async (key: string, token: string): Promise<number> => {
        const reply = await one(node, { op: "fence", keys: [key], token, fence: 0 });
        if (reply.kind !== "granted" || reply.fence === undefined) throw new Error(JSON.stringify(reply));
        return reply.fence.highest;
      };

      test("comes with the grant of one who waited or barges, and with no denial", async () => {
        for (const barge of [false, true]) {
          const { key, token, places } = await contended(["a", 1]);
          const fence = (await highest(key, token)) + 5;
          const asked = { fence, barge, token: tokenOf("holder") };
          expect(await one(node, heeding(key, null, asked))).toEqual(denied(key));
          await one(node, release(key, token));
          if (!barge) expect(await one(node, heeding(key, null, asked))).toEqual(missing);
          expect(await one(node, heeding(key, places[0], asked))).toEqual(accepted(fence));
          expect(await highest(key, asked.token)).toBe(fence);
        }
      });
    });

    test("a batch of commands with queues and without gives each its own reply", async () => {
      const { key, token, places, heard } = await contended(["a", 1], ["b", 2]);
      const mine = tokenOf("mine");
      const [x, y, z] = [`${key}x`, `${key}y`, `${key}z`];
      const fence = 1;
      await one(node, acquire(x, mine));
      const [raised] = await run(node, { op: "fence", keys: [x], token: mine, fence });
      const top = raised?.kind === "granted" ? (raised.fence?.highest ?? 0) : 0;
      const accepted = (value: number) => ({ kind: "granted", fence: { accepted: true, highest: value } });
      const report = (...owners: (readonly [string, string | null])[]) => ({
        kind: "report",
        keys: owners.map(([of, owner]) => ({
          key: of,
          holder: owner === null ? null : expect.objectContaining({ key: of, owner }),
        })),
      });
      const steps: [LockCommand, unknown][] = [
        [heeding(key, null), denied(key)],
        [acquire([y, z], mine), granted],
        [heeding(y, null, { fence: top + 1 }), heldBy("mine", y)],
        [
          { op: "inspect", keys: [x, y, `${key}none`] },
          report([x, "mine"], [y, "mine"], [`${key}none`, null]),
        ],
        [parting(key, token, null, true), granted],
        [heeding(key, places[1], { fence: top + 2 }), missing],
        [{ op: "acquire", keys: [y, z], token: mine, ttl: 60_000, fence: top + 3 }, accepted(top + 3)],
        [heeding(key, places[0], { token: mine, fence: top + 4 }), accepted(top + 4)],
        [{ op: "renew", keys: [x, y, z], token: mine, ttl: 60_000 }, granted],
        [heeding(x, null, { barge: true }), heldBy("mine", x)],
        [heeding(`${key}w`, null, { barge: true, fence: top + 5, token: mine }), accepted(top + 5)],
        [parting(`${key}w`, mine, places[2]?.id ?? null, false), granted],
        [{ op: "fence", keys: [x, key], token: mine, fence: top + 6 }, accepted(top + 6)],
        [heeding(`${key}w`, places[1], { token: mine }), granted],
        [{ op: "swap", keys: [key], from: mine, token, ttl: 1_000, fence: top + 7 }, accepted(top + 7)],
        [parting(key, mine, null, true), denied(key)],
        [{ op: "inspect", keys: [key, `${key}w`] }, report([key, "holder"], [`${key}w`, "mine"])],
        [{ op: "release", keys: [x, y, z], token: mine }, granted],
        [parting(key, token, null, true), granted],
        [{ op: "inspect", keys: [key] }, report([key, null])],
      ];
      const replies = await run(node, ...steps.map(([command]) => command));
      expect(replies).toEqual(steps.map(([, reply]) => reply));
      expect(await heard()).toEqual(["a", "b"]);
    });
  });
}
