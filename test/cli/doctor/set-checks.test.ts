import { expect, test } from "vitest";
import { checkOwnClock } from "../../../src/cli/doctor/checks/clock.js";
import {
  checkCount,
  checkDatabases,
  checkDuplicates,
  checkHosts,
  checkMarkers,
  checkQuorum,
} from "../../../src/cli/doctor/checks/set.js";
import { diagnose } from "../../../src/cli/doctor/diagnose.js";
import type { NodeFacts } from "../../../src/cli/doctor/facts.js";
import { infoOf, reached, refused, standards, summaryOf, unreached } from "./facts.js";

const server = (name: string, runId: string | undefined, peer: string) =>
  reached({ node: `redis://${name}`, info: infoOf({ run_id: runId }), peer });

test("three servers on three machines are fine", () => {
  const all = [server("a", "1", "10.0.0.1"), server("b", "2", "10.0.0.2"), server("c", "3", "10.0.0.3")];
  const { verdict, quorum, set } = diagnose(all, standards);
  expect({ verdict, quorum }).toEqual({ verdict: "ok", quorum: true });
  expect(summaryOf(set)).toEqual(["ok quorum", "ok count", "ok memory-marker"]);
});

test.each([
  [[reached()], "ok"],
  [[reached(), unreached()], "error"],
  [[reached(), reached(), unreached()], "ok"],
  [[reached(), unreached(), unreached()], "error"],
])("a quorum, case %#", (all: NodeFacts[], severity) => {
  expect(summaryOf(checkQuorum(all, standards))).toEqual([`${severity} quorum`]);
  expect(diagnose(all, standards).quorum).toBe(severity === "ok");
});

test.each([
  [1, "note", 0],
  [2, "warning", 0],
  [3, "ok", 1],
  [4, "note", 1],
  [5, "ok", 2],
])("%i nodes: %s, %i may fail", (nodes, severity, mayFail) => {
  const all = Array.from({ length: nodes }, () => reached());
  expect(checkCount(all, standards)).toMatchObject([{ severity, code: "count", value: { nodes, mayFail } }]);
});

test("the same server is recognised by its run id, whatever its address", () => {
  const all = [server("a", "1", "10.0.0.1"), server("b", "2", "10.0.0.2"), server("c", "1", "10.0.0.3")];
  expect(checkDuplicates(all, standards)).toMatchObject([
    { severity: "error", code: "duplicate", value: ["redis://a", "redis://c"] },
  ]);
});

test("a server that hides its identity may be a duplicate", () => {
  const hidden = reached({ info: refused("NOPERM") });
  expect(summaryOf(checkDuplicates([hidden, unreached()], standards))).toEqual(["warning duplicate-unknown"]);
  expect(checkDuplicates([hidden], standards)).toEqual([]);
  expect(checkDuplicates([{ ...hidden, complete: false }, unreached()], standards)).toEqual([]);
});

test.each([
  ["10.0.0.1", "10.0.0.1", ["warning same-host"]],
  ["127.0.0.1", "::1", ["warning same-host"]],
  ["::ffff:127.0.0.1", "127.0.0.2", ["warning same-host"]],
  ["10.0.0.1", "10.0.0.2", []],
])("servers at %s and %s: %j", (one, other, expected) => {
  expect(summaryOf(checkHosts([server("a", "1", one), server("b", "2", other)], standards))).toEqual(
    expected,
  );
});

test("one server under two addresses does not count as two on one machine", () => {
  expect(checkHosts([server("a", "1", "127.0.0.1"), server("b", "1", "127.0.0.1")], standards)).toEqual([]);
});

test("addresses with different databases are refused by the locks, so they are an error here", () => {
  expect(checkDatabases([reached({ database: 2 }), reached({ database: 2 })], standards)).toEqual([]);
  expect(checkDatabases([reached(), { ...unreached(), database: 3 }], standards)).toMatchObject([
    { severity: "error", code: "databases", value: [0, 3] },
  ]);
});

const marked = (...markers: boolean[]) => markers.map((value) => reached({ marker: { ok: true, value } }));

test.each([
  [marked(true, true, true), ["ok memory-marker"]],
  [marked(false, false, false), ["note memory-marker"]],
  [marked(true, true, false), ["warning memory-marker"]],
  [[reached({ marker: refused("NOPERM") })], []],
  [
    [reached({ abstains: { cause: "it lost its memory", left: 4_980_000 } }), reached({})],
    ["warning memory-marker"],
  ],
])("memory markers, case %#", (all, expected) => {
  expect(summaryOf(checkMarkers(all, standards))).toEqual(expected);
});

const clocks = (...offsets: number[]) =>
  offsets.map((offset) => reached({ clock: { offset, uncertainty: 2 } }));

test.each([
  [clocks(5_000, 5_010, 4_990), ["warning own-clock"]],
  [clocks(5_000, -5_000, 5_000), []],
  [clocks(5_000, 0, 5_000), []],
  [clocks(5_000), []],
])("clocks that all differ from this machine's alike, case %#", (all, expected) => {
  expect(summaryOf(checkOwnClock(all, standards))).toEqual(expected);
});
