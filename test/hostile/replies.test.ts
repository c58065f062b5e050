import { types } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { needsMemory } from "../../src/engine/protocol/traits.js";
import { createLocks } from "../../src/index.js";
import { one } from "../contract/subject.js";
import { TestNodes } from "../manager/test-nodes.js";
import { anything } from "./support/odd-values.js";
import { bounded, holds } from "./support/property.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const [keys, token, from] = [["a", "b"], "me~0123456789012345678901", "you~0123456789012345678901"];
const place = { id: "p:1", ticket: 1 };
/** One for each command of the script, with and without a fence. */
const commands: readonly LockCommand[] = [
  { op: "acquire", keys, token, ttl: 1_000 },
  { op: "acquire", keys, token, ttl: 1_000, fence: 7 },
  ...[true, false].flatMap((barge): LockCommand[] => [
    { op: "acquire", keys: ["a"], token, ttl: 1_000, queue: { place, barge } },
    { op: "acquire", keys: ["a"], token, ttl: 1_000, queue: { place, barge }, fence: 7 },
    { op: "acquire", keys: ["a"], token, ttl: 1_000, queue: { place: null, barge } },
    { op: "acquire", keys: ["a"], token, ttl: 1_000, queue: { place: null, barge }, fence: 7 },
  ]),
  { op: "renew", keys, token, ttl: 1_000 },
  { op: "renewEach", keys, tokens: [token, token], ttl: 1_000 },
  { op: "heal", keys, token, ttl: 1_000 },
  { op: "swap", keys, token, from, ttl: 1_000 },
  { op: "swap", keys, token, from, ttl: 1_000, fence: 7 },
  { op: "giveBack", keys, token, from, ttl: 1_000 },
  { op: "fence", keys, token, fence: 7 },
  { op: "release", keys, token },
  { op: "release", keys, token, queue: { id: "p:1", wake: true } },
  { op: "release", keys, token, queue: { id: null, wake: true } },
  { op: "release", keys, token, queue: { id: "p:1", wake: false } },
  { op: "inspect", keys },
];

/** Values of a server's reply, as clients return them; many are almost valid. */
const word = fc.oneof(
  fc.constantFrom("", "0", "1", "-1", "2", "01", "1.0", " 1", "+1", "1e0", "none", "string", "zset", "OK"),
  fc.constantFrom(
    "#0123456789abcdef",
    "#",
    "me~",
    "~",
    "x".repeat(1024 * 1024),
    "\u001b[2J\nfine",
    "WRONGTYPE no",
  ),
  fc.string({ unit: "binary" }),
);
const atom = fc.oneof(
  fc.constantFrom<unknown>(
    1,
    0,
    -1,
    2,
    -2,
    1n,
    0n,
    1.5,
    5,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 64,
  ),
  fc.constantFrom<unknown>(null, undefined, true, false, {}, new Map(), new Set(), new Error("ERR no")),
  word,
  word.map((text) => Buffer.from(text)),
  fc.integer(),
  fc.bigInt(),
  anything,
);
const holder = fc.tuple(atom, atom, atom, atom);
const reply = fc.oneof(
  atom,
  fc.array(atom, { maxLength: 10 }),
  fc.tuple(fc.constantFrom<unknown>(1, "1", 1n), atom, atom),
  fc
    .tuple(fc.constantFrom<unknown>(0, "0"), fc.constantFrom<unknown>(1, 2, 3, "1"), holder)
    .map(([a, b, c]) => [a, b, ...c]),
  fc.tuple(fc.constantFrom<unknown>(2, "2"), holder, holder).map(([a, b, c]) => [a, ...b, ...c]),
  fc.tuple(fc.constantFrom<unknown>(-1, "-1"), atom),
  fc.array(fc.array(atom, { maxLength: 3 }), { maxLength: 3 }),
);

/** Parses a whole number in any form that clients return. */
const whole = (value: unknown): number | null => {
  const text = types.isUint8Array(value) ? Buffer.from(value).toString() : value;
  if (typeof text !== "number" && typeof text !== "bigint" && typeof text !== "string") return null;
  return /^-?\d+$/.test(String(text)) ? Number(text) : null;
};

/** Whether a reply is a grant. */
function isGrant(command: LockCommand, raw: unknown): boolean {
  if (command.op === "inspect") return false;
  const fenced = "fence" in command && command.fence !== undefined;
  if (!fenced) return !Array.isArray(raw) && whole(raw) === 1;
  if (!Array.isArray(raw) || raw.length !== 3) return false;
  const [status, highest, accepted] = raw.map(whole);
  if (status !== 1 || (highest ?? -1) < 0) return false;
  // There are no fences above this bound.
  return accepted === 1 || (accepted === 0 && Number(highest) < Number.MAX_SAFE_INTEGER);
}

/** Returns why a vote with that reply failed. */
function reasonOf(command: LockCommand, raw: unknown): string {
  if (!Array.isArray(raw)) return "garbage";
  const [status, highest, accepted] = raw.map(whole);
  if (status === -1) return "refused";
  if (status === -2 && raw.length === 1 && needsMemory(command)) return "quarantined";
  const fenced = "fence" in command && command.fence !== undefined;
  const isSpent = status === 1 && accepted === 0 && Number(highest) >= Number.MAX_SAFE_INTEGER;
  return fenced && raw.length === 3 && isSpent ? "refused" : "garbage";
}

/** Whether the value is a thenable, and so not a reply. */
const isThenable = (value: unknown) =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

let answer: () => unknown;
const plain = { set: async () => "OK", eval: async () => answer() };
let node: LockNode;
beforeEach(() => {
  node = recogniseNode(plain, 0);
});

const isShort = (text: unknown) => expect(String(text).length).toBeLessThan(500);

describe("a reply of any type and size", () => {
  it.each(commands.map((command) => [JSON.stringify(command).slice(0, 100), command] as const))(
    "to %s is a grant only if it is exactly one",
    async (_, command) => {
      await holds(reply, async (raw) => {
        answer = () => [raw];
        const given = await bounded(one(node, command));
        expect(given.kind === "granted").toBe(isGrant(command, raw));
        if (given.kind === "failed") {
          expect(given.reason).toBe(reasonOf(command, raw));
          isShort(given.message);
          expect(given.message).not.toMatch(/\p{Cc}/u);
        } else if (given.kind === "denied") {
          const { owner, tokenHash, type, ttlLeft } = given.holder ?? { ttlLeft: 0 };
          isShort(`${owner}${tokenHash}${type}`);
          expect(ttlLeft === null || ttlLeft >= 0).toBe(true);
        }
      });
    },
  );

  it("is a failed vote if the number of replies does not match the commands", async () => {
    await holds(
      fc
        .oneof(reply, fc.array(reply, { maxLength: 4 }))
        .filter((raw) => (!Array.isArray(raw) || raw.length !== 1) && !isThenable(raw)),
      async (raw) => {
        answer = () => raw;
        expect(await one(node, { op: "renew", keys, token, ttl: 1_000 })).toMatchObject({
          kind: "failed",
          reason: "garbage",
        });
      },
    );
  });

  it("is a failed vote with a short message if the client throws it", async () => {
    await holds(anything, async (thrown) => {
      answer = () => {
        throw thrown;
      };
      const given = await bounded(one(node, { op: "renew", keys, token, ttl: 1_000 }));
      expect(given.kind).toBe("failed");
      if (given.kind === "failed") isShort(given.message);
    });
  });

  it("of every node results in no lease, but a typed error", async () => {
    const locks = createLocks({ nodes: [0, 1, 2].map(() => ({ ...plain })), nodeTimeout: 2_000 });
    // Three nodes with the same identity would count as one server.
    answer = () => [""];
    await locks.ready();
    await holds(
      fc.array(reply, { minLength: 1, maxLength: 2 }).filter((all) => !all.some((raw) => whole(raw) === 1)),
      async (all) => {
        answer = () => all;
        const error = await bounded(
          locks.tryAcquire("a", { renew: false }).catch((reason: unknown) => reason),
        );
        if (error !== null) {
          expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
          expect(String(error).length).toBeLessThan(2_000);
        }
        await bounded(locks.inspect("a"));
      },
      300,
    );
    await locks.close({ timeout: 0 });
  });
});

describe("a message on the wake-up channel", () => {
  const world = new TestNodes(3);
  afterEach(() => world.clock.advance(0));

  it("may have any content: a waiter keeps waiting, and gets the lock in the end", async () => {
    const channels = new Set<string>();
    const nodes = world.nodes.map((inner) =>
      Object.assign(inner, {
        subscribe: ((name, listener) => {
          channels.add(name);
          return Object.getPrototypeOf(inner).subscribe.call(inner, name, listener);
        }) satisfies LockNode["subscribe"],
      }),
    );
    const [ours, theirs] = [world.locks(), world.locks({ owner: "other" })];
    const held = await ours.acquire("a", { ttl: 60_000 });
    const waiting = theirs.acquire("a", { wait: Number.POSITIVE_INFINITY });
    await world.clock.advance(50);
    const [channel = ""] = channels;
    expect(channel).toMatch(/^holdfast:wake:/);
    const ids = fc.nat(5).map((n) => `${channel.slice("holdfast:wake:".length)}:${n}`);
    await holds(fc.oneof(fc.string({ unit: "binary" }), ids, word), async (message) => {
      for (const inner of nodes)
        (inner as unknown as { publish: (...args: string[]) => void }).publish(channel, message);
      await world.clock.advance(1);
      held.assertHeld();
      expect((await theirs.inspect("a")).holder?.owner).toBe("me");
    });
    await held.release();
    const next = await world.run(waiting);
    next.assertHeld();
    await Promise.all([ours.close(), theirs.close()]);
    expect(world.clock.pending).toBe(0);
  });
});
