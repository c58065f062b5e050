import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withChecksum } from "../../src/api/handover.js";
import { isHoldfastError, type Lease, type Locks } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { secret } from "./support/odd-values.js";
import { holds } from "./support/property.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let world: TestNodes;
let ours: Locks;
let theirs: Locks;
let leases: Lease[];
beforeEach(() => {
  world = new TestNodes();
  ours = world.locks({ renew: false, owner: "ours" });
  theirs = world.locks({ renew: false, owner: "theirs" });
  leases = [];
});
afterEach(() => Promise.all([ours.close(), theirs.close()]));

const kept = async (lease: Promise<Lease>): Promise<Lease> => {
  leases.push(await lease);
  return lease;
};

/** Returns the error of a failed adoption. */
async function refusal(note: string, locks = theirs): Promise<unknown> {
  try {
    return await kept(world.run(locks.adopt(note)));
  } catch (error) {
    return error;
  }
}

const holders = () => leases.filter((lease) => lease.remaining() > 0).length;

/** Generates a text with one change anywhere. */
const changed = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom("replace", "insert", "remove", "cut", "repeat", "case"),
      fc.nat(text.length - 1),
      fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
    )
    .map(([how, at, character]) => {
      if (how === "cut") return text.slice(0, at);
      if (how === "repeat") return text + text.slice(at);
      if (how === "remove") return text.slice(0, at) + text.slice(at + 1);
      if (how === "insert") return text.slice(0, at) + character + text.slice(at);
      const old = text.charAt(at);
      const upper = old.toUpperCase() === old ? old.toLowerCase() : old.toUpperCase();
      return text.slice(0, at) + (how === "case" ? upper : character) + text.slice(at + 1);
    })
    .filter((other) => other !== text);

describe("a handover", () => {
  it("that was changed is refused before any request, and is valid unchanged", async () => {
    const note = (await ours.acquire(["a", "b"])).handover();
    await holds(changed(note), async (other) => {
      const error = await refusal(other);
      expect(isHoldfastError(error, "INVALID_OPTION")).toBe(true);
      expect(String(error)).toContain("handover must be the string that lease.handover() gave");
    });
    const adopted = await kept(theirs.adopt(note));
    expect(adopted.resources).toEqual(["a", "b"]);
  });

  it("of a later version is refused by its version, before any request", async () => {
    const note = (await ours.acquire("a")).handover();
    const later = note.replace("holdfast2.", "holdfast3.");
    const error = await refusal(later);
    expect(isHoldfastError(error, "INVALID_OPTION")).toBe(true);
    expect(String(error)).toContain(
      "handover must be the string that lease.handover() gave; got one of version 3, written by a newer version of Holdfast",
    );
    expect(String(error)).not.toContain(note.split(".")[1]);
    for (const other of ["holdfast1.", "holdfast.", "holdfast12345678901.", "xholdfast3."])
      expect(String(await refusal(note.replace("holdfast2.", other)))).toContain("got a string");
    expect((await kept(theirs.adopt(note))).resources).toEqual(["a"]);
  });

  it("that is well-formed but forged is refused, and the holder keeps the lock", async () => {
    const held = await kept(ours.acquire("a"));
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const json = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
      fc
        .tuple(
          fc.oneof(fc.constantFrom("a", ["a"], ["a", "a"], [], "__proto__", { length: 1 }), fc.jsonValue()),
          fc.oneof(
            fc.constantFrom("", secret, "\ud800", "__proto__", "x".repeat(512 * 1_024)),
            fc.jsonValue(),
          ),
          fc.oneof(fc.constantFrom(1e308, -1, 0, 1.5, 2 ** 53, 10_000), fc.jsonValue()),
        )
        .map((parts) => JSON.stringify(parts)),
      fc.constantFrom(
        deep,
        `[["a"],"t",${"9".repeat(1_000)}]`,
        `[${deep},"t",1000]`,
        '{"__proto__":{"resources":["a"],"token":"t","ttl":1}}',
        '[["a"],"t",1000,"more"]',
        '{"0":["a"],"1":"t","2":1000,"length":3}',
        '[["a"],{"toString":"t"},1000]',
        "",
        "null",
        "\u0000",
      ),
      fc.string({ unit: "binary" }),
    );
    await holds(
      json,
      async (text) => {
        const error = await refusal(withChecksum(text));
        const isTyped = isHoldfastError(error, "INVALID_OPTION") || isHoldfastError(error, "LEASE_EXPIRED");
        if (!isTyped) throw error;
        expect(String(error).length).toBeLessThan(1_000);
        expect(String(error)).not.toContain(secret);
        expect(holders()).toBe(1);
      },
      500,
    );
    held.assertHeld();
    expect(({} as { token?: unknown }).token).toBeUndefined();
  });

  it("that is stale is refused, even if another client holds the lock now", async () => {
    const note = (await ours.acquire("a", { ttl: 1_000 })).handover();
    await world.clock.advance(1_001);
    expect(await refusal(note)).toMatchObject({ code: "LEASE_EXPIRED", reason: "stale" });
    await kept(ours.acquire("a"));
    expect(await refusal(note)).toMatchObject({ code: "LEASE_EXPIRED", reason: "stale" });
    expect(holders()).toBe(1);
  });

  it("is valid once: of many concurrent adoptions, one succeeds", async () => {
    const note = (await ours.acquire("a")).handover();
    const managers = [ours, theirs, ours, world.locks({ owner: "third", renew: false })];
    const outcomes = await Promise.all(managers.map((locks) => refusal(note, locks)));
    expect(outcomes.filter((outcome) => isHoldfastError(outcome, "LEASE_EXPIRED"))).toHaveLength(3);
    expect(holders()).toBe(1);
    expect(await refusal(note)).toMatchObject({ reason: "stale" });
  });

  it("of another prefix is refused, and stays valid for its own prefix", async () => {
    const elsewhere = world.locks({ prefix: "other:", renew: false });
    const note = (await ours.acquire("a")).handover();
    expect(await refusal(note, elsewhere)).toMatchObject({ code: "LEASE_EXPIRED", reason: "stale" });
    await kept(theirs.adopt(note));
    expect(holders()).toBe(1);
    await elsewhere.close();
  });
});

it("no sequence of old and new handovers makes two clients hold a lock at the same time", async () => {
  type Step = {
    readonly what: "acquire" | "handOver" | "adopt" | "release" | "wait";
    readonly by: 0 | 1;
    readonly n: number;
  };
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({
      what: fc.constantFrom("acquire", "handOver", "adopt", "adopt", "release", "wait"),
      by: fc.constantFrom(0, 1),
      n: fc.nat(5),
    }),
    { maxLength: 30 },
  );
  let most = 0;
  await holds(
    steps,
    async (plan) => {
      const notes: string[] = [];
      for (const { what, by, n } of plan) {
        const locks = by === 0 ? ours : theirs;
        const lease = leases.find((one) => one.remaining() > 0);
        if (what === "acquire") {
          const taken = await locks.tryAcquire("a", { ttl: 1_000 });
          if (taken !== null) leases.push(taken);
        } else if (what === "adopt" && notes.length > 0) await refusal(notes[n % notes.length] ?? "", locks);
        else if (what === "handOver" && lease) notes.push(lease.handover());
        else if (what === "release") await lease?.release();
        else await world.clock.advance(n * 150);
        most = Math.max(most, holders());
        if (holders() > 1) throw new Error("two hold it");
      }
      await world.clock.advance(10_000);
      leases = [];
    },
    300,
  );
  expect(most).toBe(1);
});
