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
/** A process that no other test uses, and places of its waiters: `place("a", 3)`. */
export function newProcess(): { process: string; place: (name: string, ticket: number) => QueuePlace } {
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

/** An acquisition with a queue. */
export const queuedAcquire = (
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

/** A release with a queue. */
export const queuedRelease = (
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
 * The queue of a key, on every node. Steps that must happen while a free key is reserved are sent in one batch. The
 * machine may pause even within a batch, so the key is reserved for a waiter whose id requests a longer reservation
 * ("a:500", in ms).
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

    /** A held key and its waiters, in the order of their requests. */
    async function contended(...names: readonly (readonly [string, number])[]) {
      const [key, token, { process, place }] = [uniqueKey(), tokenOf("holder"), newProcess()];
      const before = await view.beside(key);
      expect(await one(node, acquire(key, token, 60_000))).toEqual(granted);
      const places = names.map(([id, ticket]) => place(id, ticket));
      const replies = await run(node, ...places.map((each) => queuedAcquire(key, each)));
      expect(replies).toEqual(places.map(() => denied(key)));
      const messages = async () => (await view.messages(process)).map((id) => id.slice(process.length + 1));
      return {
        key,
        token,
        process,
        place,
        places: places as [QueuePlace, QueuePlace, QueuePlace],
        messages,
        before,
      };
    }

    describe("without waiters", () => {
      test("a key is granted and denied as usual, and callers that do not wait leave no entry", async () => {
        for (const barge of [false, true]) {
          const { key, token, before, messages, place } = await contended();
          expect(await one(node, queuedAcquire(key, null, { barge }))).toEqual(denied(key));
          expect(await one(node, queuedRelease(key, token, null, true))).toEqual(granted);
          expect(await one(node, queuedRelease(key, token, null, true))).toEqual(missing);
          expect(await one(node, queuedAcquire(key, place("a", 1), { barge, token }))).toEqual(granted);
          expect(await holderOf(node, key)).toMatchObject({ owner: "holder" });
          expect(await view.beside(key)).toEqual(before);
          await one(node, release(key, token));
          expect(await one(node, queuedAcquire(key, null, { barge, owner: "next" }))).toEqual(granted);
          expect(await holderOf(node, key)).toMatchObject({ owner: "next" });
          expect(await messages()).toEqual([]);
        }
      });
    });

    describe("a denied caller", () => {
      test("waits, even if it barges, and others are then denied a free key", async () => {
        for (const barge of [false, true]) {
          const { key, token, place, before } = await contended();
          expect(await one(node, queuedAcquire(key, place("a", 1), { barge }))).toEqual(denied(key));
          expect(await view.beside(key)).not.toEqual(before);
          await one(node, release(key, token));
          expect(await run(node, queuedAcquire(key, place("b", 2)), queuedAcquire(key, null))).toEqual([
            missing,
            missing,
          ]);
          expect(await holderOf(node, key)).toBeNull();
        }
      });

      test("keeps its place when it asks again", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
        expect(await run(node, ...places.map((each) => queuedAcquire(key, each)))).toEqual([
          denied(key),
          denied(key),
        ]);
        await one(node, queuedRelease(key, token, null, true));
        expect(await messages()).toEqual(["a"]);
      });

      test("does not count as a waiter for another key", async () => {
        const { key, token, place } = await contended(["a", 1]);
        expect(await one(node, queuedAcquire(`${key}b`, place("b", 2)))).toEqual(granted);
        await one(node, release(key, token));
        expect(await one(node, queuedAcquire(key, null))).toEqual(missing);
      });
    });

    test("the order is by ticket, and then by id, whoever asked first", async () => {
      const { key, token, place, messages, before } = await contended(
        ["c", 30],
        ["b", 20],
        ["a", 20],
        ["d", 1],
        ["e", 100],
      );
      const turns = [place("d", 1), place("a", 20), place("b", 20), place("c", 30), place("e", 100)];
      const tokens = [token, ...turns.map(() => tokenOf("holder"))];
      const commands = turns.flatMap((turn, index) => [
        queuedRelease(key, tokens[index] as string, null, true),
        queuedAcquire(key, turn, { token: tokens[index + 1] as string }),
        ...turns.slice(index + 1).map((each) => queuedAcquire(key, each)),
      ]);
      const replies = await run(node, ...commands);
      expect(replies).toEqual(
        turns.flatMap((_, index) => [granted, granted, ...turns.slice(index + 1).map(() => denied(key))]),
      );
      expect(await messages()).toEqual(["d", "a", "b", "c", "e"]);
      expect(await view.beside(key)).toEqual(before);
    });

    describe("a free key", () => {
      test("goes to the first only; others are denied, and the first is notified once", async () => {
        const { key, token, places, messages } = await contended(["a:500", 1], ["b", 2]);
        expect(await one(node, queuedRelease(key, token, null, false))).toEqual(granted);
        expect(await messages()).toEqual([]);
        const replies = await run(
          node,
          queuedAcquire(key, null),
          queuedAcquire(key, places[1]),
          queuedAcquire(key, null),
          queuedAcquire(key, places[1]),
          queuedAcquire(key, places[0]),
          queuedAcquire(key, null),
        );
        expect(replies).toEqual([missing, missing, missing, missing, granted, heldBy("me", key)]);
        expect(await messages()).toEqual(["a:500"]);
      });

      test("goes to a new caller whose ticket comes before all others", async () => {
        const { key, token, place, places, messages } = await contended(["a:500", 2]);
        const replies = await run(
          node,
          queuedRelease(key, token, null, true),
          queuedAcquire(key, place("b", 3)),
          queuedAcquire(key, place("c", 1)),
          queuedAcquire(key, places[0]),
        );
        expect(replies).toEqual([granted, missing, granted, heldBy("me", key)]);
        expect(await messages()).toEqual(["a:500"]);
      });

      test("is announced to the first on the channel of its process, not to others", async () => {
        const { key, token, places, process, messages } = await contended(["a", 1]);
        const other = newProcess();
        await one(node, queuedAcquire(key, other.place("x", 2)));
        await run(node, queuedRelease(key, token, null, true), queuedAcquire(key, places[0], { token }));
        await one(node, queuedRelease(key, token, null, true));
        expect([await messages(), await view.messages(other.process)]).toEqual([
          ["a"],
          [`${other.process}:x`],
        ]);
        expect(process).not.toBe(other.process);
      });

      test("goes to a barging caller, and the first keeps its place", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
        const barging = tokenOf("barging");
        const taken = heldBy("barging", key);
        const replies = await run(
          node,
          queuedRelease(key, token, null, true),
          queuedAcquire(key, null, { barge: true, token: barging }),
          queuedAcquire(key, places[1]),
          queuedAcquire(key, places[0]),
        );
        expect(replies).toEqual([granted, granted, taken, taken]);
        await view.elapse(key, 60);
        expect(await one(node, queuedRelease(key, barging, null, true))).toEqual(granted);
        expect(await messages()).toEqual(["a", "a"]);
      });

      test("loses the waiter that barges", async () => {
        const { key, token, places, before } = await contended(["a", 1]);
        await one(node, release(key, token));
        expect(await one(node, queuedAcquire(key, places[0], { barge: true }))).toEqual(granted);
        expect(await view.beside(key)).toEqual(before);
      });

      test("is announced to nobody while it is kept after its release", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
        const kept = { ...queuedRelease(key, token, places[1].id, true), rest: 60_000 } as LockCommand;
        const held = heldBy("holder", key);
        const replies = await run(node, kept, queuedAcquire(key, places[0]), queuedAcquire(key, null));
        expect(replies).toEqual([granted, held, held]);
        expect(await messages()).toEqual([]);
      });

      test("is reserved for the first only briefly: then it is the next waiter's turn", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b:300", 2], ["c", 3]);
        await one(node, queuedRelease(key, token, null, true));
        await view.elapse(key, 50);
        expect(await run(node, queuedAcquire(key, places[2]), queuedAcquire(key, null))).toEqual([
          missing,
          missing,
        ]);
        expect(await messages()).toEqual(["a", "b:300"]);
        await view.elapse(key, 300);
        expect(await one(node, queuedAcquire(key, places[2]))).toEqual(granted);
        expect(await messages()).toEqual(["a", "b:300"]);
      });

      test("is reserved for longer for a waiter whose id says so", async () => {
        const { key, token, places, messages } = await contended(["a:700", 1], ["b:300", 2], ["c:5:9", 3]);
        await one(node, queuedRelease(key, token, null, true));
        await view.elapse(key, 100);
        expect(await run(node, queuedAcquire(key, places[1]), queuedAcquire(key, null))).toEqual([
          missing,
          missing,
        ]);
        await view.elapse(key, 600);
        expect(await run(node, queuedAcquire(key, places[2]), queuedAcquire(key, null))).toEqual([
          missing,
          missing,
        ]);
        expect(await messages()).toEqual(["a:700", "b:300"]);
        await view.elapse(key, 300);
        expect(await one(node, queuedAcquire(key, places[2]))).toEqual(granted);
      });

      test("is denied to all with the holder's name while it is held", async () => {
        const { key, places } = await contended(["a", 1], ["b", 2]);
        const commands = [
          queuedAcquire(key, places[0]),
          queuedAcquire(key, places[1]),
          queuedAcquire(key, null),
        ];
        expect(await run(node, ...commands)).toEqual([denied(key), denied(key), denied(key)]);
      });
    });

    test("a key that holds the token already is granted despite waiters, and the place is given up", async () => {
      const { key, token, place, messages, before } = await contended(["a", 2]);
      expect(await one(node, queuedAcquire(key, null, { token }))).toEqual(granted);
      expect(await one(node, queuedAcquire(key, place("b", 3), { token }))).toEqual(granted);
      await one(node, queuedRelease(key, token, place("a", 2).id, true));
      expect(await messages()).toEqual([]);
      expect(await view.beside(key)).toEqual(before);
    });

    describe("a waiter that does not return", () => {
      test("loses its place in time, and the next one moves up", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
        await view.elapse(key, 1_400);
        await one(node, queuedAcquire(key, places[1]));
        await view.elapse(key, 100);
        await one(node, queuedRelease(key, token, null, true));
        expect(await messages()).toEqual(["b"]);
      });

      test("keeps its place for a while", async () => {
        const { key, token, messages } = await contended(["a", 1], ["b", 2]);
        await view.elapse(key, 500);
        await one(node, queuedRelease(key, token, null, true));
        expect(await messages()).toEqual(["a"]);
      });

      test("gets its place again when it returns", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
        await view.elapse(key, 800);
        await one(node, queuedAcquire(key, places[1]));
        await view.elapse(key, 800);
        await run(node, queuedAcquire(key, places[1]), queuedAcquire(key, places[0]));
        await one(node, queuedRelease(key, token, null, true));
        expect(await messages()).toEqual(["a"]);
      });

      test("blocks no caller when it was the last", async () => {
        const { key, token, messages, before } = await contended(["a", 1]);
        await view.elapse(key, 1_500);
        expect(await run(node, queuedRelease(key, token, null, true), queuedAcquire(key, null))).toEqual([
          granted,
          granted,
        ]);
        expect(await messages()).toEqual([]);
        expect(await view.beside(key)).toEqual(before);
      });
    });

    describe("a release", () => {
      test("notifies the first that the key is free", async () => {
        const { key, token, messages } = await contended(["a", 1], ["b", 2]);
        expect(await one(node, queuedRelease(key, token, null, true))).toEqual(granted);
        expect(await holderOf(node, key)).toBeNull();
        expect(await messages()).toEqual(["a"]);
      });

      test("gives up the place as well, and passes the turn to the next", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
        expect(await one(node, queuedRelease(key, token, places[0].id, true))).toEqual(granted);
        expect(await messages()).toEqual(["b"]);
      });

      test("of a minority grant notifies no waiter", async () => {
        const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
        expect(await one(node, queuedRelease(key, token, places[0].id, false))).toEqual(granted);
        expect(await messages()).toEqual([]);
        await one(node, queuedAcquire(key, null));
        expect(await messages()).toEqual(["b"]);
      });

      test("of a free key passes the turn on when it gives up a place", async () => {
        for (const wake of [true, false]) {
          const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
          await one(node, release(key, token));
          expect(await one(node, queuedRelease(key, tokenOf("me"), places[0].id, wake))).toEqual(missing);
          expect(await messages()).toEqual(["b"]);
        }
      });

      test("of a free key without a place notifies only if told to", async () => {
        const { key, token, messages } = await contended(["a", 1]);
        await one(node, release(key, token));
        expect(await one(node, queuedRelease(key, token, null, false))).toEqual(missing);
        expect(await messages()).toEqual([]);
        expect(await one(node, queuedRelease(key, token, null, true))).toEqual(missing);
        expect(await messages()).toEqual(["a"]);
      });

      test("of a key that another token holds gives up the place, and notifies no waiter", async () => {
        for (const wake of [true, false]) {
          const { key, token, places, messages } = await contended(["a", 1], ["b", 2]);
          expect(await one(node, queuedRelease(key, tokenOf("me"), places[0].id, wake))).toEqual(denied(key));
          expect(await messages()).toEqual([]);
          await one(node, queuedRelease(key, token, null, true));
          expect(await messages()).toEqual(["b"]);
        }
      });

      test("notifies the first once, however often the key is released", async () => {
        const { key, token, places, messages } = await contended(["a:500", 1], ["b", 2]);
        await run(
          node,
          queuedRelease(key, token, null, true),
          queuedRelease(key, token, null, true),
          queuedRelease(key, tokenOf("me"), places[1].id, true),
        );
        expect(await messages()).toEqual(["a:500"]);
      });

      test("that gives up the last place leaves nothing behind", async () => {
        for (const wake of [true, false]) {
          const { key, token, places, before } = await contended(["a", 1], ["b", 2]);
          await one(node, queuedRelease(key, tokenOf("me"), places[1].id, wake));
          await one(node, queuedRelease(key, tokenOf("me"), places[0].id, wake));
          expect(await one(node, queuedRelease(key, token, null, true))).toEqual(granted);
          expect(await view.beside(key)).toEqual(before);
          expect(await one(node, queuedAcquire(key, null))).toEqual(granted);
        }
      });
    });

    describe("several keys at once", () => {
      /** Keys that are held, each separately, and a waiter for all of them with this ticket. */
      async function allWanted(ticket: number, name = "all") {
        const base = uniqueKey();
        const keys = ["x", "y", "z"].map((name) => `${base}${name}`) as [string, string, string];
        const tokens = keys.map(() => tokenOf("holder")) as [string, string, string];
        const { process, place } = newProcess();
        const before = await view.beside(base);
        await run(node, ...keys.map((key, index) => acquire(key, tokens[index] as string, 60_000)));
        const all = place(name, ticket);
        expect(await one(node, queuedAcquire(keys, all))).toEqual(denied(keys[0]));
        const messages = async () => (await view.messages(process)).map((id) => id.slice(process.length + 1));
        const elapse = async (ms: number) => {
          for (const key of keys) await view.elapse(key, ms);
        };
        return { base, keys, tokens, place, all, before, messages, elapse };
      }

      test("are granted without waiters, and leave no entry", async () => {
        for (const barge of [false, true]) {
          for (const waits of [false, true]) {
            const base = uniqueKey();
            const [keys, token, before] = [
              [`${base}x`, `${base}y`],
              tokenOf("holder"),
              await view.beside(base),
            ];
            const { place } = newProcess();
            expect(
              await one(node, queuedAcquire(keys, waits ? place("a", 1) : null, { barge, token })),
            ).toEqual(granted);
            for (const key of keys) expect(await holderOf(node, key)).toMatchObject({ owner: "holder" });
            expect(await view.beside(base)).toEqual(before);
            expect(
              await one(node, queuedRelease(keys, token, waits ? place("a", 1).id : null, true)),
            ).toEqual(granted);
            for (const key of keys) expect(await holderOf(node, key)).toBeNull();
          }
        }
      });

      test("are all denied if one is held or another waiter is first at one", async () => {
        const { key, token, places, messages } = await contended(["a:500", 1]);
        const [other, free] = [`${key}other`, `${key}free`];
        const [a] = places;
        await one(node, acquire(other, tokenOf("others"), 60_000));
        const [, ...replies] = await run(
          node,
          queuedRelease(key, token, null, true),
          queuedAcquire([free, key], null),
          // The held key is named, whatever its position.
          queuedAcquire([free, key, other], null),
          queuedAcquire([other, key], newProcess().place("b", 2)),
          queuedAcquire(free, null, { owner: "third" }),
          queuedAcquire(key, a),
        );
        expect(replies).toEqual([
          missing,
          heldBy("others", other),
          heldBy("others", other),
          granted,
          granted,
        ]);
        expect(await messages()).toEqual(["a:500"]);
      });

      test("are waited for in the queue of each: later callers cannot take the free ones", async () => {
        const { keys, tokens, place, all } = await allWanted(1);
        for (const [index, key] of keys.entries()) {
          await one(node, queuedAcquire(key, place(`late${index}`, 2)));
          await one(node, queuedRelease(key, tokens[index] as string, null, false));
        }
        const late = keys.flatMap((key, index) => [
          queuedAcquire(key, place(`late${index}`, 2)),
          queuedAcquire(key, null),
        ]);
        expect(await run(node, ...late, queuedAcquire(keys, all))).toEqual([
          ...late.map(() => missing),
          granted,
        ]);
      });

      test("are granted after all earlier waiters, at each of them", async () => {
        const { keys, tokens, place, all, messages } = await allWanted(5);
        const [x, y] = keys;
        await one(node, queuedAcquire(y, place("early:500", 1)));
        const early = tokenOf("early");
        const [, , , ...replies] = await run(
          node,
          ...keys.map((key, index) => queuedRelease(key, tokens[index] as string, null, true)),
          queuedAcquire(keys, all),
          queuedAcquire(y, place("early:500", 1), { token: early }),
          queuedAcquire(keys, all),
          queuedRelease(y, early, null, true),
          queuedAcquire(x, null),
          queuedAcquire(keys, all),
        );
        expect(replies).toEqual([missing, granted, heldBy("early", y), granted, missing, granted]);
        expect(await messages()).toEqual(["all", "early:500", "all", "all"]);
      });

      test("stay reserved while they are waited for, and their free ones are announced once", async () => {
        const { keys, tokens, place, all, messages, elapse } = await allWanted(1);
        const [x, y, z] = keys;
        await one(node, queuedRelease(x, tokens[0], null, true));
        expect(await one(node, queuedAcquire(keys, all))).toEqual(denied(y));
        for (let times = 0; times < 3; times++) {
          // Longer than a free key is reserved for a waiter that does not return.
          await elapse(100);
          expect(await run(node, queuedAcquire(x, null), queuedAcquire(x, place("late", 2)))).toEqual([
            missing,
            missing,
          ]);
          expect(await one(node, queuedAcquire(keys, all))).toEqual(denied(y));
        }
        expect(await messages()).toEqual(["all"]);
        await run(node, queuedRelease(y, tokens[1], null, true), queuedRelease(z, tokens[2], null, true));
        expect(await messages()).toEqual(["all", "all", "all"]);
        expect(await one(node, queuedAcquire(keys, all))).toEqual(granted);
      });

      test("are announced again if another holder had one meanwhile", async () => {
        const { keys, tokens, all, messages } = await allWanted(1);
        const [x, y] = keys;
        const barging = tokenOf("barging");
        await one(node, queuedRelease(x, tokens[0], null, true));
        await run(node, queuedAcquire(keys, all), queuedAcquire(x, null, { barge: true, token: barging }));
        expect(await one(node, queuedAcquire(keys, all))).toEqual(heldBy("barging", x));
        await one(node, queuedRelease(x, barging, null, true));
        expect(await messages()).toEqual(["all", "all"]);
        expect(await one(node, queuedAcquire(keys, all))).toEqual(denied(y));
      });

      test("are not reserved any longer for a waiter that does not return", async () => {
        const { keys, tokens, place, all, messages } = await allWanted(1);
        const [x] = keys;
        await one(node, queuedAcquire(x, place("late", 2)));
        await one(node, queuedRelease(x, tokens[0], null, true));
        await one(node, queuedAcquire(keys, all));
        await view.elapse(x, 100);
        expect(await one(node, queuedAcquire(x, place("late", 2)))).toEqual(missing);
        await view.elapse(x, 1_400);
        expect(await one(node, queuedAcquire(x, place("late", 2)))).toEqual(granted);
        expect(await messages()).toEqual(["all"]);
      });

      test("are reserved only briefly for a notified waiter that does not return", async () => {
        const { keys, tokens, place } = await allWanted(1);
        const [x] = keys;
        await one(node, queuedAcquire(x, place("late", 2)));
        await one(node, queuedRelease(x, tokens[0], null, true));
        await view.elapse(x, 50);
        expect(await one(node, queuedAcquire(x, place("late", 2)))).toEqual(granted);
      });

      test("leave all queues when they are granted, and notify the first waiter of each when they are released", async () => {
        const { base, keys, tokens, place, all, before, messages } = await allWanted(1);
        const [x, y, z] = keys;
        await run(
          node,
          queuedAcquire(x, place("a", 2)),
          queuedAcquire(z, place("b", 2)),
          queuedAcquire([z, y], place("c", 1)),
        );
        await run(node, ...keys.map((key, index) => release(key, tokens[index] as string)));
        const token = tokenOf("holder");
        expect(await one(node, queuedAcquire(keys, all, { token }))).toEqual(granted);
        expect(await one(node, queuedRelease(keys, token, null, true))).toEqual(granted);
        expect(await messages()).toEqual(["a", "c", "c"]);
        expect(
          await run(node, queuedAcquire([z, y], place("c", 1)), queuedAcquire(x, place("a", 2))),
        ).toEqual([granted, granted]);
        await one(node, queuedRelease(z, token, place("b", 2).id, true));
        expect(await view.beside(base)).toEqual(before);
      });

      test("are granted to a barging caller, which leaves their queues", async () => {
        const { base, keys, tokens, place, all, before } = await allWanted(1, "all:500");
        const [x, y] = keys;
        const token = tokenOf("barging");
        const barging = place("barging:500", 7);
        const [, , , ...replies] = await run(
          node,
          ...keys.map((key, index) => queuedRelease(key, tokens[index] as string, null, true)),
          queuedAcquire([x, y], null),
          queuedAcquire([y, x], barging, { barge: true, token }),
        );
        expect(replies).toEqual([missing, granted]);
        expect(await one(node, queuedAcquire([y, x], barging, { barge: true }))).toEqual(
          heldBy("barging", y),
        );
        await one(node, queuedRelease(keys, tokenOf("me"), all.id, true));
        expect(await one(node, queuedAcquire(x, null))).toEqual(heldBy("barging", x));
        expect(
          await run(node, queuedRelease([y, x], token, null, true), queuedAcquire([x, y], null)),
        ).toEqual([granted, missing]);
        await one(node, queuedRelease([x, y], tokenOf("me"), barging.id, false));
        expect(await view.beside(base)).toEqual(before);
      });

      test("are given up in all queues at once, and free keys go to the next waiter", async () => {
        for (const wake of [true, false]) {
          const { keys, tokens, place, all, messages } = await allWanted(1);
          const [x, y, z] = keys;
          await run(
            node,
            queuedAcquire(x, place("a", 2)),
            queuedAcquire(y, place("b", 2)),
            queuedAcquire(z, place("c", 2)),
          );
          await run(node, release(x, tokens[0]), release(z, tokens[2]));
          expect(await one(node, queuedRelease(keys, tokenOf("me"), all.id, wake))).toEqual(missing);
          expect(await messages()).toEqual(["a", "c"]);
          await one(node, queuedRelease(y, tokens[1], null, true));
          expect(await messages()).toEqual(["a", "c", "b"]);
        }
      });

      test("notify no waiter after a minority grant, and leave all queues", async () => {
        const { keys, tokens, place, all, messages } = await allWanted(1);
        await run(node, ...keys.map((key, index) => queuedAcquire(key, place(`late${index}`, 2))));
        await run(node, ...keys.map((key, index) => release(key, tokens[index] as string)));
        const token = tokenOf("me");
        expect(await one(node, queuedAcquire(keys, all, { token, barge: true }))).toEqual(granted);
        await one(node, queuedAcquire(keys[0], all, { token: tokenOf("other") }));
        expect(await one(node, queuedRelease(keys, token, all.id, false))).toEqual(granted);
        expect(await messages()).toEqual([]);
        for (const key of keys) await one(node, queuedAcquire(key, null));
        expect(await messages()).toEqual(["late0", "late1", "late2"]);
      });

      test("that hold the token already are granted despite waiters", async () => {
        const { keys, tokens, place, messages } = await allWanted(2);
        await run(node, ...keys.slice(1).map((key, index) => release(key, tokens[index + 1] as string)));
        const command = queuedAcquire(keys, place("early", 1), { token: tokens[0] });
        expect(await one(node, command)).toEqual(granted);
        expect(await one(node, queuedAcquire(keys, place("late", 3), { token: tokens[0] }))).toEqual(granted);
        expect(await messages()).toEqual([]);
      });
    });

    describe("a fence", () => {
      const accepted = (fence: number) => ({ kind: "granted", fence: { accepted: true, highest: fence } });
      const highest = async (key: string, token: string): Promise<number> => {
        const reply = await one(node, { op: "fence", keys: [key], token, fence: 0 });
        if (reply.kind !== "granted" || reply.fence === undefined) throw new Error(JSON.stringify(reply));
        return reply.fence.highest;
      };

      test("is part of a grant to a waiter or a barging caller, and of no denial", async () => {
        for (const barge of [false, true]) {
          const { key, token, places } = await contended(["a", 1]);
          const fence = (await highest(key, token)) + 5;
          const asked = { fence, barge, token: tokenOf("holder") };
          expect(await one(node, queuedAcquire(key, null, asked))).toEqual(denied(key));
          await one(node, release(key, token));
          if (!barge) expect(await one(node, queuedAcquire(key, null, asked))).toEqual(missing);
          expect(await one(node, queuedAcquire(key, places[0], asked))).toEqual(accepted(fence));
          expect(await highest(key, asked.token)).toBe(fence);
        }
      });
    });

    test("a batch of commands with and without queues gives each its own reply", async () => {
      const { key, token, places, messages } = await contended(["a:500", 1], ["b", 2]);
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
        [queuedAcquire(key, null), denied(key)],
        [acquire([y, z], mine), granted],
        [queuedAcquire(y, null, { fence: top + 1 }), heldBy("mine", y)],
        [
          { op: "inspect", keys: [x, y, `${key}none`] },
          report([x, "mine"], [y, "mine"], [`${key}none`, null]),
        ],
        [queuedRelease(key, token, null, true), granted],
        [queuedAcquire(key, places[1], { fence: top + 2 }), missing],
        [{ op: "acquire", keys: [y, z], token: mine, ttl: 60_000, fence: top + 3 }, accepted(top + 3)],
        [queuedAcquire(key, places[0], { token: mine, fence: top + 4 }), accepted(top + 4)],
        [{ op: "renew", keys: [x, y, z], token: mine, ttl: 60_000 }, granted],
        [queuedAcquire(x, null, { barge: true }), heldBy("mine", x)],
        [queuedAcquire(`${key}w`, null, { barge: true, fence: top + 5, token: mine }), accepted(top + 5)],
        [queuedRelease(`${key}w`, mine, places[2]?.id ?? null, false), granted],
        [{ op: "fence", keys: [x, key], token: mine, fence: top + 6 }, accepted(top + 6)],
        [queuedAcquire(`${key}w`, places[1], { token: mine }), granted],
        [{ op: "swap", keys: [key], from: mine, token, ttl: 1_000, fence: top + 7 }, accepted(top + 7)],
        [queuedRelease(key, mine, null, true), denied(key)],
        [{ op: "inspect", keys: [key, `${key}w`] }, report([key, "holder"], [`${key}w`, "mine"])],
        [{ op: "release", keys: [x, y, z], token: mine }, granted],
        [queuedRelease(key, token, null, true), granted],
        [{ op: "inspect", keys: [key] }, report([key, null])],
      ];
      const replies = await run(node, ...steps.map(([command]) => command));
      expect(replies).toEqual(steps.map(([, reply]) => reply));
      expect(await messages()).toEqual(["a:500", "b"]);
    });
  });
}
