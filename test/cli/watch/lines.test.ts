import picocolors from "picocolors";
import { expect, test } from "vitest";
import { clock, linesOf } from "../../../src/cli/watch/lines.js";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import type { Frame, Step } from "../../../src/inspector/feed/frames.js";
import { beat, lockView, noon, step } from "../../inspector/frames-of-all-kinds.js";

const colourless = picocolors.createColors(false);
const time = clock(noon);

/** The lines printed for each frame, given all earlier frames. */
function linesFor(...frames: readonly Frame[]): string[][] {
  const aggregate = new FrameAggregate();
  return frames.map((frame) => {
    const lines = linesOf(frame, aggregate, colourless, true);
    aggregate.apply(frame, frame.time);
    return lines;
  });
}
const last = (...frames: readonly Frame[]) => linesFor(beat(), ...frames).at(-1);
const steps = (...all: Step[]): Frame => ({ kind: "steps", source: "a", seq: 2, time: noon, steps: all });

test("the time has milliseconds, and an invalid time is no error", () => {
  expect(time).toMatch(/^\d\d:\d\d:\d\d\.000$/);
  expect(clock(1e300)).toBe("--:--:--.---");
});

test("a step is one line: time, resource, states, event, owner and details", () => {
  expect(last(steps(step()))).toEqual([
    `${time} payouts:42 acquiring.asking → held GRANTED by ada:4711, valid 9.8 s, fence 7, votes 2 of 3, 1 failed (timeout)`,
  ]);
});

test("a denial names who holds it", () => {
  const holder = { owner: "bob:12", tokenHash: "0123456789abcdef", ttlLeft: 3_000 };
  const votes = [0, 1].map((n) => ({
    node: `n${n}`,
    kind: "denied" as const,
    holder: { ...holder, ttlLeft: 3_000 - n },
  }));
  const lock = lockView({
    state: "acquiring.waiting",
    attempts: 3,
    reason: "contended",
    round: { asked: "acquire", time: noon, votes },
  });
  expect(last(steps(step({ event: "DENIED", to: "acquiring.waiting", lock })))).toEqual([
    `${time} payouts:42 acquiring.asking → acquiring.waiting DENIED by ada:4711, attempt 3, contended, held by bob:12 for up to 3 s, votes 0 of 2, 2 denied`,
  ]);
});

test("a lock whose steps were not seen has one line for each change of state", () => {
  const locks = (seq: number, state: string): Frame => ({
    kind: "locks",
    source: "a",
    seq,
    time: noon,
    locks: [lockView({ state })],
  });
  expect(
    linesFor(
      beat(),
      locks(2, "held"),
      locks(3, "held"),
      steps(step()),
      locks(4, "held"),
      locks(5, "expired"),
    ).slice(1),
  ).toEqual([
    [`${time} payouts:42 is held by ada:4711, valid 9.8 s, fence 7`],
    [],
    [expect.stringContaining("GRANTED")],
    [],
    [`${time} payouts:42 is expired by ada:4711`],
  ]);
  expect(last(locks(2, "idle"))).toEqual([]);
});

test("a process has one line, with further lines for changed nodes and missed steps", () => {
  const [first, same, changed, bye, again] = linesFor(
    beat(),
    beat({ seq: 2 }),
    beat({
      seq: 3,
      missed: 12,
      nodes: beat().nodes.map((node) => ({
        ...node,
        state: "quarantined",
        cause: null,
        until: noon + 8_000,
      })),
    }),
    { kind: "bye", source: "a", seq: 4, time: noon },
    { kind: "bye", source: "a", seq: 5, time: noon },
  );
  expect(first).toEqual([
    `${time} ada:4711 tells of its locks: 1 in use, on 2 nodes`,
    `${time} 127.0.0.1:6381 is down says ada:4711, connect ECONNREFUSED`,
  ]);
  expect(same).toEqual([]);
  expect(changed).toEqual([
    `${time} ada:4711 left out 12 steps: there are more than the rate limit allows`,
    `${time} 127.0.0.1:6379 ready → quarantined says ada:4711, votes again in 8 s`,
    `${time} 127.0.0.1:6381 down → quarantined says ada:4711, votes again in 8 s`,
  ]);
  expect(bye).toEqual([`${time} ada:4711 has closed its locks`]);
  expect(again).toEqual([]);
});

test("locks of several resources, and with a prefix", () => {
  const lock = lockView({ resources: ["a", "b"], more: 3 });
  const [, line] = linesFor(beat({ prefix: "app:" }), steps(step({ lock })));
  expect(line?.[0]).toContain(" app:a, app:b and 3 more acquiring");
});

test("text from the network cannot control the terminal", () => {
  const evil = "\u001b[2Jx\r\n\u202e";
  const votes = [{ node: evil, kind: "failed" as const, reason: evil, message: evil }];
  const holder = { owner: evil, tokenHash: evil, ttlLeft: null };
  const lock = lockView({
    resources: [evil],
    state: evil,
    reason: evil,
    acquisition: evil,
    round: {
      asked: "acquire",
      time: noon,
      votes: [
        ...votes,
        { node: evil, kind: "denied", holder },
        { node: evil, kind: "denied", holder: { ...holder, owner: null } },
      ],
    },
  });
  const nodes = beat().nodes.map((node) => ({ ...node, name: evil, cause: evil, state: "down" as const }));
  const lines = linesFor(
    beat({ owner: evil, prefix: evil, nodes }),
    { kind: "locks", source: "a", seq: 2, time: noon, locks: [lock] },
    steps(
      step({ event: evil, from: evil, to: evil, lock }),
      step({ event: "DENIED", from: evil, to: evil, lock }),
    ),
    { kind: "bye", source: "a", seq: 4, time: noon },
  ).flat();
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});
