import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFrame } from "../../src/inspector/feed/frames.js";
import { beat, framesOfAllKinds, lockView, step } from "./frames-of-all-kinds.js";

describe("parseFrame", () => {
  it("accepts a frame of each kind unchanged", () => {
    for (const frame of framesOfAllKinds)
      expect(parseFrame(JSON.parse(JSON.stringify(frame)))).toEqual(frame);
  });

  it("never throws, and accepts nothing that is not a frame", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true }), (value) => {
        expect(parseFrame(value)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  it("never throws for a frame with one changed value, and returns only valid frames", () => {
    const frames = fc.constantFrom(...framesOfAllKinds);
    fc.assert(
      fc.property(frames, fc.nat(), fc.anything(), (frame, place, value) => {
        const spoilt = JSON.parse(JSON.stringify(frame));
        const places = pathsOf(spoilt);
        const path = places[place % places.length] ?? [];
        put(spoilt, path, value);
        const parsed = parseFrame(spoilt);
        if (parsed !== null) expect(parseFrame(parsed)).toEqual(parsed);
      }),
      { numRuns: 3_000 },
    );
  });

  it("accepts no time that is not a date, and no invalid duration", () => {
    const spoilt = [
      { ...beat(), time: 8.65e15 },
      { ...beat(), nodes: [{ ...beat().nodes[0], p50: -1 }] },
      { ...beat(), nodes: [{ ...beat().nodes[0], p99: Number.POSITIVE_INFINITY }] },
      ...[{ since: 1e300 }, { granted: -1e300 }, { validUntil: 1e300 }, { ttl: -5 }, { ttl: 1e300 }].map(
        (changes) => ({ kind: "locks", source: "a", seq: 1, time: 1, locks: [lockView(changes)] }),
      ),
    ];
    for (const frame of spoilt) expect(parseFrame(frame)).toBeNull();
    const longest = Number.MAX_SAFE_INTEGER;
    const lock = lockView({ ttl: longest, validUntil: Date.now() + longest });
    expect(parseFrame({ kind: "locks", source: "a", seq: 1, time: 1, locks: [lock] })).not.toBeNull();
  });

  it("leaves out unknown properties", () => {
    const parsed = parseFrame({ ...beat(), token: "secret", nodes: [{ ...beat().nodes[0], password: "p" }] });
    expect(JSON.stringify(parsed)).not.toMatch(/secret|password/);
  });

  it("refuses texts and lists that are too long", () => {
    const many = <T>(count: number, one: T) => Array.from({ length: count }, () => one);
    const head = { source: "a", seq: 1, time: 1 };
    for (const frame of [
      beat({ owner: "x".repeat(1_001) }),
      beat({ nodes: many(101, beat().nodes[0]) as never }),
      { ...head, kind: "steps", steps: many(1_001, step()) },
      { ...head, kind: "locks", locks: [lockView({ resources: many(11, "a") })] },
      { ...head, kind: "locks", locks: [lockView({ id: "x".repeat(201) })] },
      { ...head, kind: "gone", locks: many(1_001, "a") },
      { ...head, kind: "bye", time: Number.POSITIVE_INFINITY },
      { ...head, kind: "bye", time: 8.64e15 + 1 },
      { ...head, kind: "steps", steps: [step({ time: 1e16 })] },
      { ...head, kind: "locks", locks: [lockView({ since: -1e16 })] },
      { ...head, kind: "bye", seq: 0.5 },
      { ...head, kind: "bye", seq: -1 },
    ]) {
      expect(parseFrame(frame)).toBeNull();
    }
  });
});

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function put(target: Record<string, never>, path: readonly string[], value: unknown): void {
  const last = path.at(-1);
  let at: Record<string, unknown> = target;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  if (last !== undefined) at[last] = value;
}
