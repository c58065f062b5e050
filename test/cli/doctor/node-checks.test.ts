import { expect, test } from "vitest";
import { checkClock } from "../../../src/cli/doctor/checks/clock.js";
import { checkEviction } from "../../../src/cli/doctor/checks/eviction.js";
import { checkLatency } from "../../../src/cli/doctor/checks/latency.js";
import { checkMemory } from "../../../src/cli/doctor/checks/memory.js";
import { checkMode } from "../../../src/cli/doctor/checks/mode.js";
import { checkPersistence } from "../../../src/cli/doctor/checks/persistence.js";
import { checkReplication } from "../../../src/cli/doctor/checks/replication.js";
import { checkRights } from "../../../src/cli/doctor/checks/rights.js";
import { checkScript } from "../../../src/cli/doctor/checks/script.js";
import { checkVersion } from "../../../src/cli/doctor/checks/version.js";
import { checkWrites } from "../../../src/cli/doctor/checks/writes.js";
import { diagnose } from "../../../src/cli/doctor/diagnose.js";
import type { Reached, Trial } from "../../../src/cli/doctor/facts.js";
import { infoOf, reached, refused, standards, summaryOf } from "./facts.js";

const truncated = new Map([["appendfsync", "always"]]);
const always = new Map([...truncated, ["aof-load-truncated", "no"]]);
const everySecond = new Map([["appendfsync", "everysec"]]);

test("a healthy server has only ok findings", () => {
  const [node] = diagnose([reached()], { ...standards, nodes: 1 }).nodes;
  expect(node?.findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
  expect(node?.findings.every(({ means, advice }) => means === null && advice === null)).toBe(true);
});

test("no check invents findings for a server that answers only PING", () => {
  const [node] = diagnose(
    [
      reached({
        clock: null,
        info: refused("NOPERM"),
        config: new Map(),
        script: refused("NOPERM"),
        write: refused("NOPERM"),
        trials: [],
        marker: refused("NOPERM"),
      }),
    ],
    standards,
  ).nodes;
  expect(summaryOf(node?.findings ?? [])).toEqual(["note version", "ok latency", "note clock"]);
});

test.each([
  [{ redis_version: "2.6.11" }, "error"],
  [{ redis_version: "2.6.12" }, "warning"],
  [{ redis_version: "4.0.14" }, "warning"],
  [{ redis_version: "5.0.0" }, "ok"],
  [{ redis_version: "10.1" }, "ok"],
  [{ redis_version: "7.2.4", server_name: "valkey", valkey_version: "8.1.0" }, "ok"],
  [{ redis_version: "7.4.0", dragonfly_version: "df-v1.31.0" }, "note"],
  [{ redis_version: "6.3.4", executable: "/usr/bin/keydb-server" }, "note"],
  [{ redis_version: "something else" }, "ok"],
])("version %j: %s", (fields, severity) => {
  expect(summaryOf(checkVersion(reached({ info: infoOf(fields) }), standards))).toEqual([
    `${severity} version`,
  ]);
});

test.each([
  ["Redis", "7.2.5", {}],
  ["Valkey", "8.1.0", { valkey_version: "8.1.0" }],
  ["Dragonfly", "1.31.0", { dragonfly_version: "df-v1.31.0" }],
  ["KeyDB", "6.3.4", { redis_version: "6.3.4", mvcc_depth: 0 }],
])("%s %s is called by its name", (kind, version, fields) => {
  const [finding] = checkVersion(reached({ info: infoOf(fields) }), standards);
  expect(finding).toMatchObject({ found: `${kind} ${version}`, value: { kind, version } });
});

test.each([
  [[1, 2, 3], true, "ok"],
  [[1, 2, 260], true, "warning"],
  [[600, 2, 600], true, "error"],
  [[1, 2], false, "error"],
  [[], true, "error"],
])("round trips of %j ms, all answered %s: %s", (pings, complete, severity) => {
  expect(summaryOf(checkLatency(reached({ pings, complete }), standards))).toEqual([`${severity} latency`]);
});

test.each([
  [{ maxmemory_policy: "noeviction", maxmemory: 100 }, "ok"],
  [{ maxmemory_policy: "allkeys-lru", maxmemory: 0 }, "note"],
  [{ maxmemory_policy: "allkeys-lru", maxmemory: 100 }, "error"],
  [{ maxmemory_policy: "volatile-ttl", maxmemory: 100 }, "error"],
  [{ maxmemory_policy: "eviction", maxmemory: 100 }, "error"],
])("eviction %j: %s", (fields, severity) => {
  expect(summaryOf(checkEviction(reached({ info: infoOf(fields) }), standards))).toEqual([
    `${severity} eviction`,
  ]);
});

test.each([
  [{ used_memory: 50, maxmemory: 100 }, "ok"],
  [{ used_memory: 95, maxmemory: 100 }, "warning"],
  [{ used_memory: 105, maxmemory: 100 }, "error"],
  [{ used_memory: 105, maxmemory: 100, mem_not_counted_for_evict: 50 }, "ok"],
  [{ used_memory: 105, maxmemory: 100, maxmemory_policy: "allkeys-lru" }, "warning"],
  [{ used_memory_rss: 950_000_000 }, "warning"],
  [{ used_memory_rss: 950_000_000, total_system_memory: undefined }, "ok"],
])("memory %j: %s", (fields, severity) => {
  expect(summaryOf(checkMemory(reached({ info: infoOf(fields) }), standards))).toEqual([
    `${severity} memory`,
  ]);
});

test.each([
  [{ aof_enabled: 1 }, always, 1, ["ok persistence"]],
  [{ aof_enabled: 1 }, truncated, 1, ["note persistence"]],
  [{ aof_enabled: 1 }, everySecond, 3, ["note persistence"]],
  [{ aof_enabled: 1 }, new Map<string, string>(), 3, ["note persistence"]],
  [{ aof_enabled: 0 }, always, 3, ["note persistence"]],
  [{ aof_enabled: 0 }, always, 1, ["warning persistence"]],
  [
    { aof_enabled: 1, rdb_last_bgsave_status: "err" },
    always,
    3,
    ["ok persistence", "warning persistence-broken"],
  ],
])("persistence %j, %j, with %i nodes: %j", (fields, config, nodes, expected) => {
  const facts = reached({ info: infoOf(fields), config });
  expect(summaryOf(checkPersistence(facts, { ...standards, nodes }))).toEqual(expected);
});

test.each([
  [1, 10_000, "ok"],
  [1, 9_999, "warning"],
  [1, 0, "warning"],
  [1, "auto", "warning"],
  [1, false, "warning"],
  [3, false, "warning"],
  [3, 10_000, "note"],
  [3, "auto", "note"],
] as const)(
  "persistence of %i nodes that forget, with a quarantine of %s: %s",
  (nodes, quarantine, severity) => {
    const facts = reached({ info: infoOf({ aof_enabled: 0 }) });
    expect(summaryOf(checkPersistence(facts, { ...standards, nodes, quarantine }))).toEqual([
      `${severity} persistence`,
    ]);
  },
);

test("a replica is named with its master, which is to be the node where there is only one", () => {
  const facts = reached({
    info: infoOf({ role: "slave", master_host: "10.0.0.9", master_port: 6379 }),
    write: refused("READONLY"),
  });
  const advice = expect.stringMatching(/^name its master instead/);
  const single = { ...standards, nodes: 1 };
  expect(checkReplication(facts, single)).toMatchObject([
    { found: "it is a replica of 10.0.0.9:6379", advice },
  ]);
  expect(checkWrites(facts, single)).toMatchObject([{ advice }]);
  expect(checkWrites(facts, standards)).toMatchObject([{ advice: "name an independent server instead" }]);
});

test.each([
  [{ role: "slave" }, "0", "error"],
  [{ role: "master", connected_slaves: 2 }, "0", "note"],
  [{ role: "master", connected_slaves: 0 }, "1", "note"],
  [{ role: "master", connected_slaves: 0 }, "0", "ok"],
])("replication %j, min-replicas-to-write %s: %s", (fields, minReplicas, severity) => {
  const facts = reached({ info: infoOf(fields), config: new Map([["min-replicas-to-write", minReplicas]]) });
  expect(summaryOf(checkReplication(facts, standards))).toEqual([`${severity} replication`]);
});

test.each([
  [{ redis_mode: "cluster", cluster_enabled: 1 }, /one server of a Cluster/],
  [{ redis_mode: "sentinel" }, /Sentinel/],
])("mode %j is not a node", (fields, found) => {
  const [finding] = checkMode(reached({ info: infoOf(fields) }), standards);
  expect(finding).toMatchObject({ severity: "error", code: "mode", found: expect.stringMatching(found) });
});

test("a server of a Cluster that has one master is a node", () => {
  const facts = reached({ info: infoOf({ redis_mode: "cluster", cluster_enabled: 1 }), clusterSize: 1 });
  expect(summaryOf(checkMode(facts, standards))).toEqual(["ok mode"]);
});

test.each(["READONLY", "OOM", "MISCONF", "NOREPLICAS", "MASTERDOWN", "ERR"])(
  "writes refused by %s",
  (code) => {
    expect(checkWrites(reached({ write: refused(code) }), standards)).toMatchObject([
      { severity: "error", code: "writes", found: expect.stringContaining(code) },
    ]);
  },
);

test.each([
  [refused("ERR", "ERR unknown command 'EVAL'"), /does not know EVAL/],
  [refused("BUSY"), /does not run scripts/],
  [{ ok: true, value: "OK" } as const, /something else/],
])("scripts that do not run: %j", (script, found) => {
  expect(checkScript(reached({ script }), standards)).toMatchObject([
    { severity: "error", code: "script", found: expect.stringMatching(found) },
  ]);
});

test.each([
  [{ offset: 50, uncertainty: 2 }, "ok"],
  [{ offset: 103, uncertainty: 2 }, "ok"],
  [{ offset: 150, uncertainty: 2 }, "warning"],
  [{ offset: -150, uncertainty: 2 }, "warning"],
  [{ offset: 150, uncertainty: 100 }, "ok"],
])("a clock of %j, at a drift of 102 ms: %s", (clock, severity) => {
  expect(summaryOf(checkClock(reached({ clock }), standards))).toEqual([`${severity} clock`]);
});

test("an answer that was cut off by the timeout does not count as hidden", () => {
  const silent = reached({ complete: false, clock: null, info: refused("TIMEOUT") });
  const { nodes, set } = diagnose([silent], standards);
  const codes = [...(nodes[0]?.findings ?? []), ...set].map(({ severity, code }) => `${severity} ${code}`);
  expect(codes).toContain("error latency");
  for (const code of ["version", "clock", "duplicate-unknown"]) expect(codes.join()).not.toContain(code);
});

const lacking = (
  purpose: Trial["purpose"],
  kind: Trial["needs"]["kind"],
  name: string,
  outcome: Trial["outcome"] = "forbidden",
): Trial => ({ purpose, needs: { kind, name }, outcome });

const rights = (...trials: Trial[]) => checkRights(reached({ trials }), standards);

test.each([
  ["lock", "error"],
  ["identity", "warning"],
  ["memory", "warning"],
  ["queue", "warning"],
  ["wake", "warning"],
  ["fence", "note"],
] as const)("a permission for %s that is missing: %s", (purpose, severity) => {
  expect(summaryOf(rights(lacking(purpose, "command", "GET")))).toEqual([`${severity} rights-${purpose}`]);
});

test.each([
  ["identity", "auto", "note"],
  ["memory", "auto", "note"],
  ["memory", 10_000, "warning"],
] as const)(
  "a permission for %s that a single node lacks, with a quarantine of %s: %s",
  (purpose, quarantine, severity) => {
    const facts = reached({ trials: [lacking(purpose, "command", "GET")] });
    const [finding] = checkRights(facts, { ...standards, nodes: 1, quarantine });
    expect(finding).toMatchObject({ severity, code: `rights-${purpose}` });
    expect(finding?.means).not.toContain("vote");
  },
);

test("missing permissions for one purpose are one finding, which advises the rules to add", () => {
  expect(
    rights(
      lacking("wake", "command", "PUBLISH"),
      lacking("wake", "channel", "holdfast:wake:*"),
      lacking("wake", "channel", "holdfast:wake:*"),
      lacking("lock", "key", "jobs:*"),
    ),
  ).toMatchObject([
    { code: "rights-lock", advice: expect.stringMatching(/^ACL SETUSER <user> ~jobs:\*; .*--prefix/) },
    {
      code: "rights-wake",
      value: { commands: ["PUBLISH"], keys: [], channels: ["holdfast:wake:*"] },
      advice: "ACL SETUSER <user> +publish &holdfast:wake:*",
    },
  ]);
});

test("permissions that could not be tried yet are in the advice, without a finding of their own", () => {
  const unknown = lacking("wake", "channel", "holdfast:wake:*", "unknown");
  expect(rights(lacking("wake", "command", "PUBLISH"), unknown)).toMatchObject([
    {
      found: "the user may not use PUBLISH",
      value: { commands: ["PUBLISH"], channels: [] },
      advice: "ACL SETUSER <user> +publish &holdfast:wake:*",
    },
  ]);
  expect(rights(unknown)).toEqual([]);
});

test("a command that the server does not know is not to be had by an ACL rule", () => {
  const renamed = lacking("wake", "command", "PUBLISH", "missing");
  const unknown = lacking("wake", "channel", "holdfast:wake:*", "unknown");
  const [finding] = rights(renamed, unknown);
  expect(finding?.found).toBe("the server does not know PUBLISH");
  expect(finding?.advice).toMatch(/rename-command of PUBLISH .*; then ask again/);
  expect(finding?.advice).not.toContain("SETUSER");
  const [both] = rights(renamed, lacking("wake", "command", "SUBSCRIBE"));
  expect(both?.found).toBe("the server does not know PUBLISH, and the user may not use SUBSCRIBE");
  expect(both?.advice).toMatch(/^ACL SETUSER <user> \+subscribe; .*rename-command of PUBLISH/);
});

test("every finding that is not ok explains its meaning", () => {
  const facts: Partial<Reached>[] = [
    { passwordUnneeded: true },
    { info: infoOf({ role: "slave", maxmemory_policy: "allkeys-lru", maxmemory: 1, redis_mode: "cluster" }) },
    { write: refused("OOM"), script: refused("BUSY"), clock: { offset: 1e6, uncertainty: 1 } },
  ];
  for (const fact of facts) {
    const bad = diagnose([reached(fact)], standards).nodes.flatMap(({ findings }) =>
      findings.filter(({ severity }) => severity !== "ok"),
    );
    expect(bad.length).toBeGreaterThan(0);
    for (const finding of bad) expect(finding).toMatchObject({ means: expect.stringMatching(/\w/) });
  }
});
