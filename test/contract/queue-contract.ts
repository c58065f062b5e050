import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LockCommand, QueuePlace } from "../../src/engine/protocol/command.js";
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
export function newcomer(): { process: string; place: (name: string, ticket: number) => QueuePlace } {
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
export const heeding = (
  key: string | readonly string[],
  place: QueuePlace | null,
  asked: Asked = {},
): LockCommand => ({
  op: "acquire",
  keys: [key].flat(),
  token: asked.token ?? tokenOf(asked.owner ?? "me"),
  ttl: 60_000,
  queue: { place, barge: asked.barge ?? false },
  ...(asked.fence === undefined ? {} : { fence: asked.fence }),
});

/** A release that heeds the queue. */
export const parting = (
  key: string | readonly string[],
  token: string,
  id: string | null,
  wake: boolean,
): LockCommand => ({
  op: "release",
  keys: [key].flat(),
  token,
  queue: { id, wake },
});

/**
 * Who waits for a key, on every node. What must happen while a free key is kept for somebody goes in one batch. A pause of
 * the machine may come within that too: so the key is kept for somebody whose id asks for longer ("a:500", in ms).
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
      return {
        key,
        token,
        process,
        place,
        places: places as [QueuePlace, QueuePlace, QueuePlace],
        heard,
        before,
      };
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
        const { key, token, places, heard } = await contended(["a:500", 1], ["b", 2]);
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
        expect(await heard()).toEqual(["a:500"]);
      });

      test("goes to one who asks for the first time, if it came before all others", async () => {
        const { key, token, place, places, heard } = await contended(["a:500", 2]);
        const replies = await run(
          node,
          parting(key, token, null, true),
          heeding(key, place("b", 3)),
          heeding(key, place("c", 1)),
          heeding(key, places[0]),
        );
        expect(replies).toEqual([granted, missing, granted, heldBy("me", key)]);
        expect(await heard()).toEqual(["a:500"]);
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
        const { key, token, places, heard } = await contended(["a", 1], ["b:300", 2], ["c", 3]);
        await one(node, parting(key, token, null, true));
        await view.elapse(key, 50);
        expect(await run(node, heeding(key, places[2]), heeding(key, null))).toEqual([missing, missing]);
        expect(await heard()).toEqual(["a", "b:300"]);
        await view.elapse(key, 300);
        expect(await one(node, heeding(key, places[2]))).toEqual(granted);
        expect(await heard()).toEqual(["a", "b:300"]);
      });

      test("is kept for longer for one whose id says so", async () => {
        const { key, token, places, heard } = await contended(["a:700", 1], ["b:300", 2], ["c:5:9", 3]);
        await one(node, parting(key, token, null, true));
        await view.elapse(key, 100);
        expect(await run(node, heeding(key, places[1]), heeding(key, null))).toEqual([missing, missing]);
        await view.elapse(key, 600);
        expect(await run(node, heeding(key, places[2]), heeding(key, null))).toEqual([missing, missing]);
        expect(await heard()).toEqual(["a:700", "b:300"]);
        await view.elapse(key, 300);
        expect(await one(node, heeding(key, places[2]))).toEqual(granted);
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
        await view.elapse(key, 1_400);
        await one(node, heeding(key, places[1]));
        await view.elapse(key, 100);
        await one(node, parting(key, token, null, true));
        expect(await heard()).toEqual(["b"]);
      });

      test("has it for a while", async () => {
        const { key, token, heard } = await contended(["a", 1], ["b", 2]);
        await view.elapse(key, 500);
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
        const { key, token, places, heard } = await contended(["a:500", 1], ["b", 2]);
        await run(
          node,
          parting(key, token, null, true),
          parting(key, token, null, true),
          parting(key, tokenOf("me"), places[1].id, true),
        );
        expect(await heard()).toEqual(["a:500"]);
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

    describe("several keys at once", () => {
      /** Keys that are held, each by itself, and one that waits for all of them, with this ticket. */
      async function allWanted(ticket: number, name = "all") {
        const base = uniqueKey();
        const keys = ["x", "y", "z"].map((name) => `${base}${name}`) as [string, string, string];
        const tokens = keys.map(() => tokenOf("holder")) as [string, string, string];
        const { process, place } = newcomer();
        const before = await view.beside(base);
        await run(node, ...keys.map((key, index) => acquire(key, tokens[index] as string, 60_000)));
        const all = place(name, ticket);
        expect(await one(node, heeding(keys, all))).toEqual(denied(keys[0]));
        const heard = async () => (await view.heard(process)).map((id) => id.slice(process.length + 1));
        const elapse = async (ms: number) => {
          for (const key of keys) await view.elapse(key, ms);
        };
        return { base, keys, tokens, place, all, before, heard, elapse };
      }

      test("are granted where nobody waits, and nothing is kept of that", async () => {
        for (const barge of [false, true]) {
          for (const waits of [false, true]) {
            const base = uniqueKey();
            const [keys, token, before] = [
              [`${base}x`, `${base}y`],
              tokenOf("holder"),
              await view.beside(base),
            ];
            const { place } = newcomer();
            expect(await one(node, heeding(keys, waits ? place("a", 1) : null, { barge, token }))).toEqual(
              granted,
            );
            for (const key of keys) expect(await holderOf(node, key)).toMatchObject({ owner: "holder" });
            expect(await view.beside(base)).toEqual(before);
            expect(await one(node, parting(keys, token, waits ? place("a", 1).id : null, true))).toEqual(
              granted,
            );
            for (const key of keys) expect(await holderOf(node, key)).toBeNull();
          }
        }
      });

      test("are denied, all of them, where one is held or it is somebody else's turn at one", async () => {
        const { key, token, places, heard } = await contended(["a:500", 1]);
        const [other, free] = [`${key}other`, `${key}free`];
        const [a] = places;
        await one(node, acquire(other, tokenOf("others"), 60_000));
        const [, ...replies] = await run(
          node,
          parting(key, token, null, true),
          heeding([free, key], null),
          // The one that is held is named, wherever it stands.
          heeding([free, key, other], null),
          heeding([other, key], newcomer().place("b", 2)),
          heeding(free, null, { owner: "third" }),
          heeding(key, a),
        );
        expect(replies).toEqual([
          missing,
          heldBy("others", other),
          heldBy("others", other),
          granted,
          granted,
        ]);
        expect(await heard()).toEqual(["a:500"]);
      });

      test("are waited for in the queue of each: those who came later leave it what is free", async () => {
        const { keys, tokens, place, all } = await allWanted(1);
        for (const [index, key] of keys.entries()) {
          await one(node, heeding(key, place(`late${index}`, 2)));
          await one(node, parting(key, tokens[index] as string, null, false));
        }
        const late = keys.flatMap((key, index) => [
          heeding(key, place(`late${index}`, 2)),
          heeding(key, null),
        ]);
        expect(await run(node, ...late, heeding(keys, all))).toEqual([...late.map(() => missing), granted]);
      });

      test("come after those who came before, at each of them", async () => {
        const { keys, tokens, place, all, heard } = await allWanted(5);
        const [x, y] = keys;
        await one(node, heeding(y, place("early:500", 1)));
        const early = tokenOf("early");
        const [, , , ...replies] = await run(
          node,
          ...keys.map((key, index) => parting(key, tokens[index] as string, null, true)),
          heeding(keys, all),
          heeding(y, place("early:500", 1), { token: early }),
          heeding(keys, all),
          parting(y, early, null, true),
          heeding(x, null),
          heeding(keys, all),
        );
        expect(replies).toEqual([missing, granted, heldBy("early", y), granted, missing, granted]);
        expect(await heard()).toEqual(["all", "early:500", "all", "all"]);
      });

      test("stay kept while they are waited for, and their free ones are told once", async () => {
        const { keys, tokens, place, all, heard, elapse } = await allWanted(1);
        const [x, y, z] = keys;
        await one(node, parting(x, tokens[0], null, true));
        expect(await one(node, heeding(keys, all))).toEqual(denied(y));
        for (let times = 0; times < 3; times++) {
          // Longer than a free key is kept for somebody who does not come.
          await elapse(100);
          expect(await run(node, heeding(x, null), heeding(x, place("late", 2)))).toEqual([missing, missing]);
          expect(await one(node, heeding(keys, all))).toEqual(denied(y));
        }
        expect(await heard()).toEqual(["all"]);
        await run(node, parting(y, tokens[1], null, true), parting(z, tokens[2], null, true));
        expect(await heard()).toEqual(["all", "all", "all"]);
        expect(await one(node, heeding(keys, all))).toEqual(granted);
      });

      test("are told again of one that somebody else has had meanwhile", async () => {
        const { keys, tokens, all, heard } = await allWanted(1);
        const [x, y] = keys;
        const barging = tokenOf("barging");
        await one(node, parting(x, tokens[0], null, true));
        await run(node, heeding(keys, all), heeding(x, null, { barge: true, token: barging }));
        expect(await one(node, heeding(keys, all))).toEqual(heldBy("barging", x));
        await one(node, parting(x, barging, null, true));
        expect(await heard()).toEqual(["all", "all"]);
        expect(await one(node, heeding(keys, all))).toEqual(denied(y));
      });

      test("are kept no longer for one who does not show itself", async () => {
        const { keys, tokens, place, all, heard } = await allWanted(1);
        const [x] = keys;
        await one(node, heeding(x, place("late", 2)));
        await one(node, parting(x, tokens[0], null, true));
        await one(node, heeding(keys, all));
        await view.elapse(x, 100);
        expect(await one(node, heeding(x, place("late", 2)))).toEqual(missing);
        await view.elapse(x, 1_400);
        expect(await one(node, heeding(x, place("late", 2)))).toEqual(granted);
        expect(await heard()).toEqual(["all"]);
      });

      test("are kept for a moment only for one who is told and does not come", async () => {
        const { keys, tokens, place } = await allWanted(1);
        const [x] = keys;
        await one(node, heeding(x, place("late", 2)));
        await one(node, parting(x, tokens[0], null, true));
        await view.elapse(x, 50);
        expect(await one(node, heeding(x, place("late", 2)))).toEqual(granted);
      });

      test("leave all queues when they are granted, and wake the first in each when they are released", async () => {
        const { base, keys, tokens, place, all, before, heard } = await allWanted(1);
        const [x, y, z] = keys;
        await run(node, heeding(x, place("a", 2)), heeding(z, place("b", 2)), heeding([z, y], place("c", 1)));
        await run(node, ...keys.map((key, index) => release(key, tokens[index] as string)));
        const token = tokenOf("holder");
        expect(await one(node, heeding(keys, all, { token }))).toEqual(granted);
        expect(await one(node, parting(keys, token, null, true))).toEqual(granted);
        expect(await heard()).toEqual(["a", "c", "c"]);
        expect(await run(node, heeding([z, y], place("c", 1)), heeding(x, place("a", 2)))).toEqual([
          granted,
          granted,
        ]);
        await one(node, parting(z, token, place("b", 2).id, true));
        expect(await view.beside(base)).toEqual(before);
      });

      test("are taken by one who barges, and are left by it", async () => {
        const { base, keys, tokens, place, all, before } = await allWanted(1, "all:500");
        const [x, y] = keys;
        const token = tokenOf("barging");
        const barging = place("barging:500", 7);
        const [, , , ...replies] = await run(
          node,
          ...keys.map((key, index) => parting(key, tokens[index] as string, null, true)),
          heeding([x, y], null),
          heeding([y, x], barging, { barge: true, token }),
        );
        expect(replies).toEqual([missing, granted]);
        expect(await one(node, heeding([y, x], barging, { barge: true }))).toEqual(heldBy("barging", y));
        await one(node, parting(keys, tokenOf("me"), all.id, true));
        expect(await one(node, heeding(x, null))).toEqual(heldBy("barging", x));
        expect(await run(node, parting([y, x], token, null, true), heeding([x, y], null))).toEqual([
          granted,
          missing,
        ]);
        await one(node, parting([x, y], tokenOf("me"), barging.id, false));
        expect(await view.beside(base)).toEqual(before);
      });

      test("are given up in all queues at once, and what is free goes to the next", async () => {
        for (const wake of [true, false]) {
          const { keys, tokens, place, all, heard } = await allWanted(1);
          const [x, y, z] = keys;
          await run(node, heeding(x, place("a", 2)), heeding(y, place("b", 2)), heeding(z, place("c", 2)));
          await run(node, release(x, tokens[0]), release(z, tokens[2]));
          expect(await one(node, parting(keys, tokenOf("me"), all.id, wake))).toEqual(missing);
          expect(await heard()).toEqual(["a", "c"]);
          await one(node, parting(y, tokens[1], null, true));
          expect(await heard()).toEqual(["a", "c", "b"]);
        }
      });

      test("tell nobody when a minority had granted them, and leave all queues", async () => {
        const { keys, tokens, place, all, heard } = await allWanted(1);
        await run(node, ...keys.map((key, index) => heeding(key, place(`late${index}`, 2))));
        await run(node, ...keys.map((key, index) => release(key, tokens[index] as string)));
        const token = tokenOf("me");
        expect(await one(node, heeding(keys, all, { token, barge: true }))).toEqual(granted);
        await one(node, heeding(keys[0], all, { token: tokenOf("other") }));
        expect(await one(node, parting(keys, token, all.id, false))).toEqual(granted);
        expect(await heard()).toEqual([]);
        for (const key of keys) await one(node, heeding(key, null));
        expect(await heard()).toEqual(["late0", "late1", "late2"]);
      });

      test("that hold the token already are granted whoever waits", async () => {
        const { keys, tokens, place, heard } = await allWanted(2);
        await run(node, ...keys.slice(1).map((key, index) => release(key, tokens[index + 1] as string)));
        const command = heeding(keys, place("early", 1), { token: tokens[0] });
        expect(await one(node, command)).toEqual(granted);
        expect(await one(node, heeding(keys, place("late", 3), { token: tokens[0] }))).toEqual(granted);
        expect(await heard()).toEqual([]);
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
      const { key, token, places, heard } = await contended(["a:500", 1], ["b", 2]);
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
      expect(await heard()).toEqual(["a:500", "b"]);
    });
  });
}
