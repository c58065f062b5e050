import { beforeEach, expect, test } from "vitest";
import { OutageReport } from "../../src/cli/outage-report.js";
import type { Vote } from "../../src/engine/protocol/vote.js";

let now: number;
let lines: string[];
beforeEach(() => {
  now = 0;
  lines = [];
});

const reportAfter = (patience: number) =>
  new OutageReport(
    (line) => lines.push(line),
    patience,
    () => now,
  );

const failure = (node: string, message: string): Vote => ({
  kind: "failed",
  reason: "notReady",
  message,
  node,
});
const noQuorum = (...votes: Vote[]) => ({ reason: "noQuorum", votes }) as const;
const refused = (ms: number) => [
  failure("a:1", `not connected after ${ms} ms: connect ECONNREFUSED a`),
  failure("b:1", `not connected after ${ms} ms: connect ECONNREFUSED b`),
];
const contended = { reason: "contended", votes: [] } as const;

test("an outage is reported once, with every node and its cause, when it has lasted for a while", () => {
  const outage = reportAfter(5_000);
  for (now = 0; now <= 600_000; now += 500) {
    // The votes of an attempt that is decided early name only some of the nodes.
    const votes = refused(now + 1);
    outage.failed(noQuorum(...(now % 1_000 === 0 ? votes : votes.slice(1))), "jobs");
  }
  expect(lines).toEqual([
    "waiting for jobs for 5 s: no quorum of nodes (a:1: connect ECONNREFUSED a; b:1: connect ECONNREFUSED b)",
  ]);
});

test("a short outage is not reported, and neither is its end", () => {
  const outage = reportAfter(5_000);
  for (now = 0; now < 5_000; now += 500) outage.failed(noQuorum(...refused(now)), "jobs");
  outage.over();
  outage.failed(noQuorum(...refused(1)), "jobs");
  expect(lines).toEqual([]);
});

test("another cause and the end are reported", () => {
  const outage = reportAfter(0);
  outage.failed(noQuorum(...refused(1)), "jobs");
  now = 60_000;
  outage.failed(noQuorum(failure("a:1", "WRONGPASS invalid")), "jobs");
  outage.failed(contended, "jobs");
  outage.failed(contended, "jobs");
  expect(lines.slice(1)).toEqual([
    "waiting for jobs for 1 min: no quorum of nodes (a:1: WRONGPASS invalid; b:1: connect ECONNREFUSED b)",
    "a quorum of nodes answers again",
  ]);
});

test("causes that change with every attempt are reported once a minute at most", () => {
  const outage = reportAfter(0);
  for (let attempt = 0; attempt < 1_000; attempt++) {
    now = attempt * 300;
    outage.failed(noQuorum(failure("a:1", `cause ${attempt}`)), "jobs");
    if (attempt % 2 === 0) outage.over();
  }
  expect(lines.filter((line) => line.startsWith("waiting"))).toHaveLength(5);
  expect(lines).toHaveLength(10);
});

test("a report names a limited number of nodes", () => {
  const nodes = Array.from({ length: 100 }, (_, index) => failure(`n${index + 100}`, "down"));
  reportAfter(0).failed(noQuorum(...nodes), "jobs");
  expect(lines[0]).toMatch(/n108: down; 91 more\)$/);
});
