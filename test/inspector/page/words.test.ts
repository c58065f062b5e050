import { expect, test } from "vitest";
import type { LockView, Step } from "../../../src/inspector/feed/frames.js";
import {
  formatClock,
  formatDuration,
  formatLatency,
} from "../../../visualizations/inspector/src/model/duration.js";
import { nodeStatus } from "../../../visualizations/inspector/src/model/node-status.js";
import { hashOf, parseRoute } from "../../../visualizations/inspector/src/model/route.js";
import { shownName } from "../../../visualizations/inspector/src/model/shown-name.js";
import { detailsOf } from "../../../visualizations/inspector/src/model/step-details.js";
import { textOf } from "../../../visualizations/inspector/src/model/step-text.js";
import { titleOf } from "../../../visualizations/inspector/src/model/title.js";
import { votesByNode } from "../../../visualizations/inspector/src/model/votes.js";
import { lockView } from "../sample-frames.js";

test.each([
  [-5, "0 ms"],
  [999.4, "999 ms"],
  [4_240, "4.2 s"],
  [9_960, "10 s"],
  [59_400, "59 s"],
  [185_000, "3 min 05 s"],
  [7_800_000, "2 h 10 min"],
  [400_000_000, "4 days"],
])("%i ms are %s", (ms, words) => {
  expect(formatDuration(ms)).toBe(words);
});

test("latencies are formatted with a suitable precision", () => {
  expect([null, 0.4213, 3.26, 41.7].map(formatLatency)).toEqual(["–", "0.42 ms", "3.3 ms", "42 ms"]);
  expect(formatClock(new Date(2026, 0, 2, 3, 4, 5, 6).getTime())).toBe("03:04:05.006");
});

test("a route is restored from its address, whatever the id", () => {
  for (const id of ["a/1", "ä #?%2F/", "%"]) {
    expect(parseRoute(hashOf({ view: "lock", id }))).toEqual({ view: "lock", id });
  }
  expect(
    ["", "#/", "#/nodes", "#/lock/", "#/lock/%E0%A4%A", "#/else"].map((hash) => parseRoute(hash).view),
  ).toEqual(["locks", "locks", "nodes", "locks", "locks", "locks"]);
});

test("each node's vote is listed, also for nodes without an answer", () => {
  const round: LockView["round"] = {
    asked: "acquire",
    time: 0,
    votes: [
      { node: "c", kind: "granted" },
      { node: "b", kind: "denied", holder: { owner: null, tokenHash: "ab12", ttlLeft: null } },
      { node: "a", kind: "failed", reason: "error", message: "READONLY" },
      { node: "old", kind: "denied", holder: null },
    ],
  };
  expect(votesByNode(round, ["a", "b", "c", "d"])).toEqual([
    { node: "a", kind: "failed", detail: "error: READONLY" },
    { node: "b", kind: "denied", detail: "held by an unknown owner #ab12" },
    { node: "c", kind: "granted", detail: "" },
    { node: "d", kind: "none", detail: "" },
    { node: "old", kind: "denied", detail: "free, but kept for whoever has waited longer" },
  ]);
  // A renewal asks for a key that this lock has set.
  const renewal = {
    ...round,
    asked: "renew" as const,
    votes: [{ node: "a", kind: "denied" as const, holder: null }],
  };
  expect(votesByNode(renewal, [])).toEqual([
    { node: "a", kind: "denied", detail: "key gone: deleted, evicted, or its node restarted" },
  ]);
  expect(votesByNode(null, ["a"])).toEqual([{ node: "a", kind: "none", detail: "" }]);
});

const step = (event: string, from: string, to: string, changes: Partial<LockView> = {}): Step => ({
  ...{ time: 1_000, event, from, to },
  lock: lockView("1", { state: to, ...changes }),
});

test("a step is described by what it changed", () => {
  const votes = [
    { node: "a", kind: "granted" as const },
    { node: "b", kind: "failed" as const },
  ];
  const round = { asked: "renew" as const, time: 1_000, votes };
  expect(detailsOf(step("RETRY", "acquiring.waiting", "acquiring.asking", { attempts: 3 }))).toBe(
    "attempt 3",
  );
  expect(detailsOf(step("GRANTED", "acquiring.asking", "held", { validUntil: 5_200, fence: 7, round }))).toBe(
    "1 granted, 1 failed · valid for 4.2 s · fence 7",
  );
  expect(detailsOf(step("RENEWED", "renewing.asking", "held", { validUntil: 2_000, renewals: 4 }))).toBe(
    "valid for 1.0 s · renewal 4",
  );
  expect(detailsOf(step("EXPIRED", "held", "expired", { reason: "deadline" }))).toBe("deadline");
  expect(detailsOf(step("RENEW", "held", "renewing.asking", { reason: "deadline" }))).toBe("");
});

test("copied steps have the date, and the newest step comes first", () => {
  const steps = [
    step("RENEW", "held", "renewing.asking"),
    step("EXPIRED", "held", "expired", { reason: "late" }),
  ];
  expect(textOf(steps)).toBe(
    "1970-01-01T00:00:01.000Z  EXPIRED  held → expired  late\n" +
      "1970-01-01T00:00:01.000Z  RENEW  held → renewing.asking",
  );
});

test("a node's state is described in words, and a quarantine with its end", () => {
  expect(nodeStatus({ state: "ready", until: null }, 0)).toBe("up");
  expect(nodeStatus({ state: "quarantined", until: 4_200 }, 0)).toBe("quarantined, votes again in 4.2 s");
  expect(nodeStatus({ state: "quarantined", until: null }, 0)).toBe("quarantined");
});

test("a displayed name cannot pass for another name", () => {
  expect(shownName({ resources: ["payouts:42", "b"] })).toBe("payouts:42 b");
  expect(shownName({ resources: ["payouts:\u202e24"] })).toBe("payouts:\ufffd24");
  const holder = { owner: "ben\u202e", tokenHash: "ab", ttlLeft: null };
  const round = {
    asked: "acquire" as const,
    time: 0,
    votes: [{ node: "n", kind: "denied" as const, holder }],
  };
  expect(votesByNode(round, [])[0]?.detail).toBe("held by ben\ufffd #ab");
});

test("the title says how many locks are in use", () => {
  const counts = { idle: 3, acquiring: 1, held: 2, renewing: 0, upgrading: 0, releasing: 1, expired: 1 };
  expect(titleOf(counts, 0, "payouts")).toBe("4 of 8 in use · payouts");
  expect(titleOf(counts, 2, undefined)).toBe("(2) 4 of 8 in use · Holdfast");
});
