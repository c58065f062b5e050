import { describe, expect, test } from "vitest";
import { checkClocks, checkOwnClock } from "../../../src/cli/doctor/checks/clock.js";
import {
  checkCount,
  checkDatabases,
  checkDuplicates,
  checkHosts,
  checkMarkers,
  checkQuorum,
} from "../../../src/cli/doctor/checks/set.js";
import { checkSetsInUse } from "../../../src/cli/doctor/checks/sets-in-use.js";
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

test("one node: what that means is said once, as a note without advice", () => {
  expect(diagnose([reached()], { ...standards, nodes: 1 })).toMatchObject({
    verdict: "note",
    set: [
      { severity: "ok", code: "quorum", found: "the node can be asked" },
      {
        severity: "note",
        code: "count",
        means: expect.stringContaining("docs/single-redis.md"),
        advice: null,
      },
      { severity: "ok", code: "memory-marker", found: expect.stringMatching(/the node$/) },
    ],
  });
});

test("one node that cannot be asked is reported once", () => {
  const { quorum, nodes, set } = diagnose([unreached()], { ...standards, nodes: 1 });
  expect(quorum).toBe(false);
  expect(nodes[0]?.findings).toMatchObject([
    { code: "unreachable", means: "It is the only node: no lock can be acquired or renewed." },
  ]);
  expect(summaryOf(set)).toEqual(["note count"]);
});

describe("the loss of a node while the nodes are being changed", () => {
  const meansOf = (all: readonly NodeFacts[], nodes: number, previous: readonly number[]) =>
    diagnose(all, { ...standards, nodes, previous }).nodes.map(({ findings }) =>
      findings.flatMap(({ code, means }) => (["unreachable", "persistence"].includes(code) ? [means] : [])),
    );
  const volatile = reached({ config: new Map([["appendfsync", "everysec"]]) });
  const vote = "Its vote fails. Locks work only as long as a quorum of `nodes` and one of `previous` answer.";
  const memory =
    "After a restart it may have forgotten locks, and does not vote for the longest ttl (quarantine).";
  const onlyOf = (list: string) =>
    `It is the only node of \`${list}\`: no process that uses it can acquire or renew a lock.`;

  test("from three to one, a node of the three that is gone is one of three", () => {
    expect(meansOf([volatile, volatile, unreached()], 1, [0, 1, 2])).toEqual([[memory], [memory], [vote]]);
    expect(meansOf([unreached(), volatile, volatile], 1, [0, 1, 2])[0]).toEqual([onlyOf("nodes")]);
  });

  test("from one to three, nothing works without the one", () => {
    expect(meansOf([unreached(), volatile, unreached()], 3, [0])).toEqual([
      [onlyOf("previous")],
      [memory],
      [vote],
    ]);
  });

  test("from one to another, both must answer", () => {
    expect(meansOf([unreached(), unreached()], 1, [1])).toEqual([[onlyOf("nodes")], [onlyOf("previous")]]);
  });
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

test("one node without a marker is spoken of as one", () => {
  const [found] = checkMarkers([reached({ marker: { ok: true, value: false } })], standards);
  expect(`${found?.found} ${found?.means}`).toBe(
    "the node does not have Holdfast's memory marker (holdfast:memory) No Holdfast has locked with it yet, or it has lost its memory since.",
  );
});

test("a memory of a later version is an error that names the version, instead of a missing marker", () => {
  const refusal = refused("", "its memory is of protocol version 2");
  const all = [
    reached({ newerVersion: 2, marker: refusal }),
    reached({ marker: { ok: true, value: false } }),
  ];
  expect(checkMarkers(all, standards)).toMatchObject([
    {
      severity: "error",
      code: "memory-marker",
      found: "the memory of redis://one is of protocol version 2, and this Holdfast knows version 1",
      value: { node: "redis://one", version: 2, known: 1 },
    },
  ]);
});

const marked = (...markers: boolean[]) => markers.map((value) => reached({ marker: { ok: true, value } }));

test.each([
  [marked(true, true, true), ["ok memory-marker"]],
  [marked(false, false, false), ["note memory-marker"]],
  [marked(true, true, false), ["warning memory-marker"]],
  [[reached({ marker: refused("NOPERM") })], []],
  [
    [reached({ abstains: { cause: "it is new, or lost its memory", left: 4_980_000 } }), reached({})],
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

/** A server whose run id is its name, without "redis://", and that was started so many s ago. */
const used = (node: string, uses: Record<string, number>, watermark: number | null = null, uptime = 86_400) =>
  reached({
    node: `redis://${node}`,
    info: infoOf({ run_id: node, uptime_in_seconds: uptime }),
    sets: { ok: true, value: Object.entries(uses).map(([sets, age]) => ({ sets: `${sets} `, age })) },
    watermark,
  });

test.each([true, false])(
  "no finding speaks of all nodes while one cannot be asked; with markers: %s",
  (value) => {
    const offClock = { offset: 5_000, uncertainty: 2 };
    const facts = { marker: { ok: true, value }, clock: offClock } as const;
    const all = [reached(facts), reached({ ...facts, node: "redis://three" }), unreached()];
    const { set } = diagnose(all, standards);
    expect(summaryOf(set)).toContain("warning own-clock");
    const found = set.map((finding) => finding.found).join("\n");
    expect(found).toMatch(/the memory of the 2 nodes that|none of the 2 nodes that could be asked has/);
    expect(found).toMatch(/the clocks of the 2 nodes that could be asked/);
    expect(found).not.toMatch(/all nodes|no node/);
  },
);

test("the sets that use the nodes are shown", () => {
  const all = [used("a", { "*,b,c": 9_000 }), used("b", { "*,a,c": 8_000 }), used("c", {})];
  expect(checkSetsInUse(all, standards)).toMatchObject([
    { severity: "ok", code: "sets", found: "in use by processes with 3 nodes" },
  ]);
  expect(checkSetsInUse([used("a", {}), unreached()], standards)).toEqual([]);
});

test.each([
  ["one of three", ["a"], ["b", "c"], [], "MEMBERSHIP_MISMATCH"],
  ["two of three", ["a", "b"], ["c"], [], "keep each other out"],
  ["three, of which one is another", ["a", "b", "d"], ["c"], ["redis://d"], "MEMBERSHIP_MISMATCH"],
  ["four, of which one is new", ["a", "b", "c", "d"], [], ["redis://d"], "keep each other out"],
])("nodes that no process uses as a set are a warning: %s", (_, named, missing, unused, means) => {
  const members = ["a", "b", "c"];
  const all = named.map((name) =>
    used(
      name,
      members.includes(name) ? { [["*", ...members.filter((one) => one !== name)].join()]: 9_000 } : {},
    ),
  );
  const nodes = named.length;
  expect(checkSetsInUse(all, { ...standards, nodes })).toMatchObject([
    {
      severity: "warning",
      code: "sets",
      value: { used: [3], named: nodes, missing, unused },
      means: expect.stringContaining(means),
    },
  ]);
  // A process with another prefix has other locks.
  expect(summaryOf(checkSetsInUse(all, { ...standards, nodes, prefix: "app:" }))).toEqual(["ok sets"]);
});

test("nodes that cannot be told apart, or were just started, may be those of the set", () => {
  const set = [used("a", { "*,b,c": 9_000 }), used("b", { "*,a,c": 9_000 })];
  const alone = [...set, unreached("redis://c")];
  expect(summaryOf(checkSetsInUse(alone, standards))).toEqual(["ok sets"]);
  const restarted = [...set, used("c2", {}, null, 10)];
  expect(summaryOf(checkSetsInUse(restarted, standards))).toEqual(["ok sets"]);
  const [two] = checkSetsInUse([used("a", { "*,b,c": 9_000 }, null, 10), used("b", {}, null, 10)], {
    ...standards,
    nodes: 2,
  });
  expect(two).toMatchObject({ severity: "warning", value: { missing: ["c"], unused: [] } });
});

test("two sets that could grant the same lock are a warning", () => {
  const found = checkSetsInUse([used("a", { "*": 61_000, "*,b,c": 2_000 })], standards);
  expect(found).toMatchObject([{ severity: "warning", code: "sets" }]);
  expect(found[0]?.found).toBe(
    "2 sets that could grant the same lock use these nodes: 1 node, named here, last 1 min 1 s ago; 3 nodes, redis://a and 2 others, last 2 s ago",
  );
  // A set that has not been in use for three minutes no longer counts.
  expect(summaryOf(checkSetsInUse([used("a", { "*": 181_000, "*,b,c": 2_000 })], standards))).toEqual([
    "ok sets",
  ]);
  // Sets of the same size may be the same nodes before and after a restart.
  expect(summaryOf(checkSetsInUse([used("a", { "*,b,c": 80_000, "*,d,e": 0 })], standards))).toEqual([
    "ok sets",
  ]);
  expect(summaryOf(checkSetsInUse([used("a", { "*,b,c": 50_000, "*,d,e": 0 })], standards))).toEqual([
    "warning sets",
  ]);
  // Any two quorums of three and of four nodes share a node.
  expect(summaryOf(checkSetsInUse([used("a", { "*,b,c": 0, "*,b,c,d": 0 })], standards))).toEqual([
    "ok sets",
  ]);
});

test("six sets on three nodes are one finding, which has each set once", () => {
  const all = [
    used("a", { "*": 9_000, "*,e": 8_000, "*,b,c": 2_000, "*,d": 7_000 }),
    used("b", { "*": 6_000, "*,a,c": 1_000 }),
    used("c", { "*": 5_000, "*,a,b": 3_000 }),
  ];
  const [finding, ...more] = checkSetsInUse(all, standards);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    severity: "warning",
    value: {
      sets: [
        {
          nodes: [3],
          age: 1_000,
          named: true,
          members: ["redis://a", "redis://b", "redis://c"],
          on: ["redis://a", "redis://b", "redis://c"],
        },
        { nodes: [1], age: 5_000, named: false, members: ["redis://c"], on: ["redis://c"] },
        { nodes: [1], age: 6_000, members: ["redis://b"] },
        { nodes: [2], age: 7_000, members: ["redis://a"], on: ["redis://a"] },
        { nodes: [2], age: 8_000, members: ["redis://a"] },
        { nodes: [1], age: 9_000, members: ["redis://a"] },
      ],
    },
  });
  expect(finding?.found).toContain(
    ": 3 nodes, named here, last 1 s ago; 1 node, redis://c, last 5 s ago; 1 node, redis://b, last 6 s ago; 2 nodes, redis://a and 1 other, last 7 s ago;",
  );
  expect(finding?.means?.match(/so both may grant the same lock/g)).toHaveLength(1);
});

test("the text of a finding about many sets is bounded, and its value has all", () => {
  const uses = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`*,m${index},n${index}`, index]));
  const [finding] = checkSetsInUse([used("a", uses)], standards);
  expect(finding?.found).toMatch(/; and 20 more$/);
  expect(finding).toHaveProperty("value.sets.length", 30);
});

test.each([
  ["restarted after the last use of the old set", 20, 30_000, "b2", ["note sets", "ok sets"]],
  ["restarted while processes still recorded the old set", 20, 17_000, "b2", ["note sets", "ok sets"]],
  ["running since before the last use of the old set", 40, 30_000, "b2", ["warning sets"]],
  ["that is not among the examined", 20, 30_000, "other", ["warning sets"]],
])("two sets that differ by a node %s", (_, uptime, age, runId, expected) => {
  const all = [
    used("a", { "*,b,c": age, "*,b2,c": 1_000 }),
    used(runId, { "*,a,c": 1_000 }, null, uptime),
    used("c", { "*,a,b": age, "*,a,b2": 1_000 }),
  ];
  expect(summaryOf(checkSetsInUse(all, standards))).toEqual(expected);
});

test("two sets that differ by a node are two if both nodes are there, even if one was just started", () => {
  const all = [
    used("a", { "*,b,c": 30_000, "*,b2,c": 1_000 }),
    used("b2", {}, null, 20),
    used("b", {}),
    used("c", {}),
  ];
  expect(summaryOf(checkSetsInUse(all, { ...standards, nodes: 4 }))).toEqual(["warning sets"]);
});

test.each([
  [10_000, "warning sets"],
  [80_000, "ok sets"],
])("an old set that was in use %i ms ago, beside the new one: %s", (age, expected) => {
  const all = [
    used("a", { "*": age, "*,b,c/*": 90_000, "*,b,c": 2_000 }),
    used("b", { "*,a,c/a": 90_000, "*,a,c": 2_000 }),
  ];
  expect(summaryOf(checkSetsInUse(all, standards))).toEqual([expected]);
});

/** A fence that is given now. */
const now = 1_767_225_600_000_000;

test.each([
  [
    "while the previous nodes are in use alone",
    { "*": 50_000, "*,b,c/*": 100 },
    now,
    /a process used the previous nodes alone 50 s ago/,
  ],
  [
    "while a node lacks the highest fence",
    { "*,b,c/*": 100 },
    now - 2_000_000,
    /redis:\/\/b does not know the highest fence yet/,
  ],
])("a change of the nodes goes on %s", (_, uses, fence, means) => {
  const all = [used("a", uses as Record<string, number>, now), used("b", { "*,a,c/a": 100 }, fence)];
  const found = checkSetsInUse(all, standards);
  expect(found).toMatchObject([
    {
      severity: "note",
      found: "the nodes are being changed, from 1 to 3",
      value: { from: 1, to: 3, ready: false },
    },
  ]);
  expect(found[0]?.means).toMatch(means);
});

test("a change of the nodes may end when only processes with both sets, or the new one, are left", () => {
  const all = [
    used("a", { "*": 80_000, "*,b,c/*": 100, "*,b,c": 5 }, now),
    used("b", { "*,a,c/a": 100 }, now),
  ];
  expect(checkSetsInUse(all, standards)).toMatchObject([
    { severity: "ok", found: "the nodes are being changed, from 1 to 3: `previous` may now be left out" },
  ]);
});

describe("groups of nodes", () => {
  test.each([
    ["another group of the same list", "*,b,c@two:1f", { group: "two" }],
    ["another list of groups", "*,b,c@one:2e", { group: "one" }],
    ["no groups", "*,b,c", {}],
  ])("are a warning at once with %s on one node", (_, other, group) => {
    const found = checkSetsInUse([used("a", { "*,b,c@one:1f": 100, [other]: 100_000 }, now)], standards);
    expect(found).toMatchObject([
      {
        severity: "warning",
        found: expect.stringMatching(
          /^2 sets .*: 3 nodes as group one of the groups 1f, redis:\/\/a and 2 others, /,
        ),
        value: {
          sets: [
            { nodes: [3], group: "one" },
            { nodes: [3], ...group },
          ],
        },
        means: expect.stringMatching(
          /^With other groups, processes may ask different nodes for the same lock/,
        ),
        advice: expect.stringMatching(/same groups.*docs\/groups\.md/),
      },
    ]);
  });

  test("are in use with their names, and change their nodes as sets do", () => {
    const all = [used("a", { "*,b,c@one:1f": 100 }, now), used("b", { "*,a,c@one:1f": 100 }, now)];
    expect(checkSetsInUse(all, standards)).toMatchObject([
      { severity: "ok", value: ["3 nodes as group one of the groups 1f"] },
    ]);
    const changing = { "*@one:1f": 50_000, "*,b,c/*@one:1f": 100 };
    expect(checkSetsInUse([used("a", changing, now)], standards)).toMatchObject([
      { severity: "note", means: expect.stringContaining("used the previous nodes alone 50 s ago") },
    ]);
  });
});

test.each([
  [clocks(0, 10_000, 20), ["warning clocks-apart"]],
  [clocks(-5_000, 5_000, 0), ["warning clocks-apart"]],
  [clocks(10_000, 10_020, 9_990), []],
  [clocks(0, 90, 20), []],
  [clocks(10_000), []],
  [[reached({ clock: null }), ...clocks(10_000)], []],
])("clocks of nodes that differ from each other, case %#", (all, expected) => {
  expect(summaryOf(checkClocks(all, standards))).toEqual(expected);
});

test("nodes that are just being told of new fences know the highest one", () => {
  const all = [used("a", { "*,b,c/*": 100 }, now), used("b", { "*,a,c/a": 100 }, now - 20_000)];
  expect(checkSetsInUse(all, standards)).toMatchObject([{ severity: "ok", value: { ready: true } }]);
});

describe("while the nodes are being changed", () => {
  const changing = (nodes: number, ...previous: number[]) => ({ ...standards, nodes, previous });
  const newcomer = (node: string) => reached({ node, marker: { ok: true, value: false } });

  test.each([
    ["both quorums answer", [reached(), reached(), unreached()], [0], ["ok quorum", "ok quorum"]],
    ["the previous node is down", [unreached(), reached(), reached()], [0], ["ok quorum", "error quorum"]],
    [
      "a quorum of the nodes is down",
      [reached(), unreached(), unreached()],
      [0],
      ["error quorum", "ok quorum"],
    ],
  ] as const)("a quorum of each set is needed: %s", (_, all, previous, expected) => {
    expect(summaryOf(checkQuorum(all, changing(3, ...previous)))).toEqual(expected);
    expect(diagnose(all, changing(3, ...previous)).quorum).toBe(!expected.some((one) => /error/.test(one)));
  });

  test("the number of nodes is that of the new set", () => {
    const all = [reached(), reached(), reached(), reached()];
    expect(checkCount(all, changing(3, 0, 1, 3))).toMatchObject([{ severity: "ok", value: { nodes: 3 } }]);
    expect(checkQuorum(all, changing(3, 0, 1, 3))).toMatchObject([
      { found: "3 of 3 nodes can be asked, a quorum is 2" },
      { found: "3 of 3 previous nodes can be asked, a quorum is 2", value: { previous: true } },
    ]);
  });

  test("nodes without a memory marker are noted if they are exactly the new ones", () => {
    const all = [reached({ node: "redis://a" }), newcomer("redis://b"), newcomer("redis://c")];
    expect(checkMarkers(all, changing(3, 0))).toMatchObject([
      { severity: "note", code: "memory-marker", means: expect.stringMatching(/a process with `previous`/) },
    ]);
    expect(summaryOf(checkMarkers(all, changing(3, 0, 1)))).toEqual(["warning memory-marker"]);
    expect(summaryOf(checkMarkers(all, standards))).toEqual(["warning memory-marker"]);
  });

  test("the previous nodes are kept while a quorum of them cannot be asked", () => {
    const one = used("b", { "*,a,c/a": 100 }, now);
    expect(checkSetsInUse([unreached(), one, one], changing(3, 0))).toMatchObject([
      { severity: "note", value: { ready: false, waits: ["a quorum of the nodes cannot be asked"] } },
    ]);
    expect(
      checkSetsInUse([used("a", { "*,b,c/*": 100 }, now), one, unreached()], changing(3, 0)),
    ).toMatchObject([{ severity: "ok", value: { ready: true } }]);
  });
});
