import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import picocolors from "picocolors";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import type { NodeAnswer } from "../../../src/cli/watch/node-query.js";
import { pictureOf } from "../../../src/cli/watch/picture.js";
import { isReported } from "../../../src/cli/watch/rows.js";
import { draw, type Size } from "../../../src/cli/watch/table.js";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import { type Frame, type LockView, parseFrame } from "../../../src/inspector/feed/frames.js";
import { beat, lockView, noon, step } from "../../inspector/frames-of-all-kinds.js";

const colourless = picocolors.createColors(false);
const coloured = picocolors.createColors(true);

const locksFrame = (locks: LockView[]): Frame => ({ kind: "locks", source: "a", seq: 9, time: noon, locks });

function worldOf(...frames: readonly Frame[]): FrameAggregate {
  const aggregate = new FrameAggregate();
  for (const frame of [beat(), ...frames]) aggregate.apply(frame, noon);
  return aggregate;
}

function show(
  aggregate: FrameAggregate,
  size: Partial<Size> = {},
  { now = noon, notes = [], asked = [] }: { now?: number; notes?: string[]; asked?: NodeAnswer[] } = {},
) {
  const scene = {
    aggregate,
    notes,
    prefix: undefined,
    asked: new Map(asked.map((one) => [one.inspection.resource, one])),
  };
  return draw(pictureOf(scene, now), { columns: 140, rows: 40, ...size }, colourless).split("\n");
}

const many = (count: number) =>
  worldOf(
    locksFrame(Array.from({ length: count }, (_, n) => lockView({ id: `a-${n}`, resources: [`job:${n}`] }))),
  );

test("a lock that is held shows its state, resource, owner, validity, retries, fence and last event", () => {
  const aggregate = worldOf({
    kind: "steps",
    source: "a",
    seq: 2,
    time: noon,
    steps: [step({ lock: lockView({ attempts: 4 }) })],
  });
  const line = show(aggregate, {}, { now: noon + 2_000 }).find((one) => one.includes("payouts:42")) ?? "";
  expect(line).toMatch(/^held +payouts:42 +ada:4711 +█{8}░{2} 7\.8 s +3 +7 +GRANTED 2 s ago *$/);
});

test("a lease that has run out while its process was silent is not shown as held, and the valid holder comes first", () => {
  const until = noon + 5_000;
  const aggregate = worldOf(locksFrame([lockView({ validUntil: until })]));
  aggregate.apply(beat({ source: "b", owner: "eve" }), noon + 9_000);
  const next = lockView({ id: "b-1", source: "b", validUntil: until + 20_000 });
  aggregate.apply({ ...locksFrame([next]), source: "b" }, noon + 9_000);
  const lines = (now: number) => show(aggregate, {}, { now }).filter((one) => one.includes("payouts:42"));
  expect(lines(until + 900).filter((line) => /^held/.test(line))).toHaveLength(2);
  const [first, second] = lines(until + 4_100);
  expect(first).toMatch(/^held .* eve /);
  expect(second).toMatch(/^run out +payouts:42 +ada:4711 .* its process is silent *$/);
  expect(show(aggregate, {}, { now: until + 4_100 })[0]).toContain("1 lock in use");
  const reported = (now: number) => isReported("payouts:42", "", aggregate, now);
  expect([until + 4_100, until + 60_000].map(reported)).toEqual([true, false]);
});

test("the remaining validity is computed by the clock of the lock's process", () => {
  const aggregate = new FrameAggregate();
  // The clock of its process is an hour behind.
  aggregate.apply(beat(), noon + 3_600_000);
  aggregate.apply(locksFrame([lockView()]), noon + 3_600_000);
  const left = (now: number) => /░ ([\d.]+ m?s)/.exec(show(aggregate, {}, { now }).join("\n"))?.[1];
  expect(left(noon + 3_600_000 + 1_800)).toBe("8 s");
  aggregate.apply(beat({ time: noon + 10_000 }), noon + 3_600_000 + 10_000);
  expect(left(noon + 3_600_000 + 10_000)).toBe("0 ms");
});

test("a waiting lock shows for how long it has waited, and who holds the lock", () => {
  const holder = { owner: "bob:12", tokenHash: "0123456789abcdef", ttlLeft: 3_000 };
  const round = {
    asked: "acquire" as const,
    time: noon,
    votes: [{ node: "n", kind: "denied" as const, holder }],
  };
  const lock = lockView({
    state: "acquiring.waiting",
    validUntil: null,
    granted: null,
    fence: null,
    began: noon - 4_000,
    round,
  });
  const text = show(
    worldOf({ kind: "steps", source: "a", seq: 2, time: noon, steps: [step({ event: "DENIED", lock })] }),
    { columns: 220 },
  ).join("\n");
  expect(text).toMatch(
    /acquiring\.waiting +payouts:42 .*for 4 s .*held by bob:12 for up to 3 s, DENIED just now *$/m,
  );
});

test("locks that need attention come first, idle locks last, the others by name", () => {
  const locks = [
    lockView({ id: "1", resources: ["b"] }),
    lockView({ id: "2", resources: ["c"], state: "idle" }),
    lockView({ id: "3", resources: ["a"] }),
    lockView({ id: "4", resources: ["z"], state: "renewing.retrying" }),
  ];
  const resources = show(worldOf(locksFrame(locks))).flatMap(
    (line) => /^\S+ +([a-z]) /.exec(line)?.[1] ?? [],
  );
  expect(resources).toEqual(["z", "a", "b", "c"]);
});

test("more locks than lines: the rest is counted", () => {
  const lines = show(many(1_000), { rows: 24 });
  expect(lines).toHaveLength(23);
  const shown = lines.filter((line) => line.includes("job:")).length;
  expect(lines.join("\n")).toContain(`… and ${1_000 - shown} more`);
  expect(show(many(5), { rows: 24 }).join("\n")).not.toContain("more");
});

test("a named resource is shown as the nodes answer", () => {
  const holder = { key: "x", owner: "bob:12", tokenHash: "0123456789abcdef", ttlLeft: 9_000, type: "string" };
  const node = (state: "held" | "failed") => ({ node: "n", state, health: "ready" as const });
  const inspection = (changes: object) => ({
    resource: "x",
    held: true,
    holder,
    nodes: [node("held")],
    ...changes,
  });
  const line = (changes: object) =>
    show(
      new FrameAggregate(),
      { columns: 220 },
      { now: noon + 1_000, asked: [{ inspection: inspection(changes), time: noon }] },
    )[2];
  expect(line({})).toMatch(/^held +x +bob:12 +8 s +asked 1 s ago *$/);
  expect(line({ holder: { ...holder, ttlLeft: null } })).toMatch(
    /^held .*without an expiry, asked 1 s ago *$/,
  );
  expect(line({ holder: { ...holder, kept: true }, keptUntil: noon + 9_000 })).toMatch(
    /^held +x +bob:12 +8 s +kept after its release, asked 1 s ago *$/,
  );
  expect(line({ held: false, holder: null })).toMatch(/^free +x +asked 1 s ago *$/);
  expect(line({ held: null, holder: null, nodes: [node("failed")] })).toMatch(
    /^unknown +x .*1 of 1 nodes failed, asked 1 s ago *$/,
  );
});

test("nodes that are not ready have a note that names the reporting process", () => {
  expect(show(worldOf()).at(-1)).toBe("127.0.0.1:6381 down (connect ECONNREFUSED), says ada:4711");
});

describe("at any size of the terminal", () => {
  const sizes = fc.record({
    columns: fc.integer({ min: 1, max: 250 }),
    rows: fc.integer({ min: 1, max: 60 }),
  });
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.constantFrom("漢字".repeat(40), "\u001b[2J\u0007\n"),
  );

  test("no line is wider, and there are no more than fit with the cursor", () => {
    fc.assert(
      fc.property(
        sizes,
        fc.array(text, { minLength: 1, maxLength: 70 }),
        fc.array(text, { maxLength: 4 }),
        (size, names, notes) => {
          const locks = names.map((name, n) =>
            lockView({ id: `a-${n}`, resources: [name], state: n % 2 ? "held" : name.slice(0, 5) }),
          );
          const aggregate = worldOf(beat({ seq: 2, owner: names[0] ?? "" }), locksFrame(locks));
          const scene = {
            aggregate,
            notes: notes.map((note) => note.replace(/\P{L}/gu, "")),
            prefix: undefined,
            asked: new Map(),
          };
          const lines = draw(pictureOf(scene, noon), size, coloured).split("\n");
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, size.rows - 1));
          for (const line of lines) {
            expect(stringWidth(line)).toBeLessThanOrEqual(size.columns);
            expect(stripVTControlCharacters(line)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("the resource is always there, and the state from 31 columns on", () => {
    for (let columns = 12; columns < 200; columns += 1) {
      const shown = show(many(1), { columns }).join("\n");
      expect(shown).toContain("job:0");
      if (columns >= 31) expect(shown).toContain("held");
    }
  });
});

test("a frame with numbers at their bounds can be drawn", () => {
  const wild = {
    ...lockView(),
    validUntil: 8.64e15,
    ttl: 0,
    fence: 1e300,
    since: -8.64e15,
    began: 8.64e15,
    attempts: Number.MAX_SAFE_INTEGER,
  };
  const frame = parseFrame({
    kind: "locks",
    source: "a",
    seq: 1,
    time: -8.64e15,
    locks: [wild, { ...wild, id: "2", state: "acquiring", ttl: Number.MAX_SAFE_INTEGER }],
  });
  if (frame === null) throw new Error("it is a frame");
  expect(show(worldOf(frame)).length).toBeGreaterThan(3);
});
