import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formerReport } from "../../bench/report/former.mjs";
import { gainsReport } from "../../bench/report/gains.mjs";
import { goalsReport } from "../../bench/report/goals.mjs";
import { groupsReport } from "../../bench/report/groups.mjs";
import { withSection } from "../../bench/report/section.mjs";

/** Finds the row of a goal, and returns what was wanted and measured, and whether it was met. */
function goalIn(results: Record<string, object>, what: string) {
  const lines = goalsReport(results).join("\n").split("\n");
  const found = lines.find((line) => line.includes(`| ${what} `));
  if (found === undefined) throw new Error(`no goal "${what}" in\n${lines.join("\n")}`);
  return found
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

const contended = (utilisation: number, handoverP50: number, longest = 50) => ({
  utilisation,
  handoverP50,
  longest,
  waitP99: 40,
});

/** Eight processes on three nodes, two rounds. A peer has two retry delays, of which only the better has all rounds. */
const contention = {
  cells: [
    {
      nodes: 3,
      processes: 8,
      names: {
        holdfast: "holdfast",
        slow: "redlock 5",
        "slow, 10 ms": "redlock 5",
        "redis-semaphore": "redis-semaphore",
      },
      better: ["holdfast", "slow, 10 ms", "redis-semaphore"],
      results: {
        holdfast: [contended(0.9, 0.5), contended(0.88, 0.6)],
        slow: [contended(0.99, 0.1)],
        "slow, 10 ms": [contended(0.6, 5, 400), contended(0.6, 5, 400)],
        "redis-semaphore": [contended(0.8, 1, 200), contended(0.8, 1, 200)],
      },
    },
  ],
};

const held = (cpu: number, lost = 0) => ({
  cpu,
  serverCpu: cpu / 2,
  commands: cpu * 100,
  heapPerLease: 5_000,
  lost,
});
const holding = (peer: object) => ({
  cells: [
    {
      leases: 2_000,
      ttl: 10_000,
      results: { holdfast: [held(0.01)], "redis-semaphore": [held(0.04)], "redlock 5": [peer] },
    },
  ],
});

const uncontended = {
  cells: [
    {
      client: "ioredis",
      nodes: 3,
      callers: 100,
      results: {
        holdfast: [{ throughput: 40_000 }, { throughput: 30_000 }],
        "redis-semaphore": [{ throughput: 10_000 }, { throughput: 10_000 }],
        "bare client, grouped": [{ throughput: 50_000 }, { throughput: 50_000 }],
      },
    },
  ],
};

describe("a goal", () => {
  it("compares with the best peer, round by round", () => {
    const where = "a. 100 callers, 3 nodes: throughput to the";
    expect(goalIn({ a: uncontended }, `${where} best peer's`)).toEqual(["≥ 3.50×", "3.50×", "yes"]);
    expect(goalIn({ a: uncontended }, `${where} grouped bare client's`)).toEqual(["≥ 0.60×", "0.70×", "yes"]);
  });

  it("compares under contention with each peer's better retry delay", () => {
    const where = "b. 3 nodes, 8 processes";
    expect(goalIn({ b: contention }, `${where}: in use to the best peer's`)).toEqual([
      "≥ 1.00×",
      "1.11×",
      "yes",
    ]);
    expect(goalIn({ b: contention }, `${where}: hand-over p50 to the best peer's`)).toEqual([
      "≤ 1.00×",
      "0.55×",
      "yes",
    ]);
    expect(goalIn({ b: contention }, `${where}: in use`)).toEqual(["≥ 87 %", "89 %", "yes"]);
  });

  it("tells contenders of one process that share a manager from those that have their own", () => {
    const [cell] = contention.cells;
    const shared = { ...cell, processes: 1, shared: true };
    const own = { ...cell, processes: 1, shared: false };
    const b = { cells: [shared, own] };
    expect(goalIn({ b }, "b. 3 nodes, one process, one manager: in use")).toEqual(["≥ 91 %", "89 %", "no"]);
    expect(goalIn({ b }, "b. 3 nodes, one process: in use")).toEqual(["≥ 91 %", "89 %", "no"]);
  });

  it("compares with the former build where that was measured", () => {
    const [cell] = contention.cells;
    const results = { ...cell?.results, "holdfast, before": [contended(0.8, 1), contended(0.8, 1)] };
    const b = { cells: [{ ...cell, results }] };
    const what = "b. 3 nodes, 8 processes: hand-over p50 to the former build's";
    expect(goalIn({ b }, what)).toEqual(["≤ 0.65×", "0.55×", "yes"]);
    expect(() => goalIn({ b: contention }, what)).toThrow("no goal");
  });

  it("ignores what holding costs a system that lost its leases, or could not be measured", () => {
    const what = "c. 2,000 leases, ttl 10 s: commands to the best peer's";
    expect(goalIn({ c: holding(held(0.001)) }, what)).toEqual(["≤ 0.10×", "10.00×", "no"]);
    expect(goalIn({ c: holding(held(0.001, 100)) }, what)).toEqual(["≤ 0.10×", "0.25×", "no"]);
    expect(goalIn({ c: holding({ error: "failed" }) }, what)).toEqual(["≤ 0.10×", "0.25×", "no"]);
  });

  it("is not met by a system that lost its own leases", () => {
    const c = { cells: [{ ...holding({}).cells[0], results: { holdfast: [held(0.01, 50)] } }] };
    expect(goalIn({ c }, "c. 2,000 leases, ttl 10 s: lost")).toEqual(["≤ 0", "50", "no"]);
    expect(goalIn({ c }, "c. 2,000 leases, ttl 10 s: heap a lease")).toEqual(["≤ 8 kB", "–", "no"]);
    const what = "c. 2,000 leases, ttl 10 s: client CPU to redis-semaphore's";
    expect(goalIn({ c }, what)).toEqual(["≤ 0.50×", "–", "not measured"]);
  });
});

describe("the first paragraph about performance", () => {
  const environment = { date: "2026-01-02", cores: 2, packages: { holdfast: "0.2.0" } };

  it("has four figures with their ratios", () => {
    const results = { a: uncontended, b: contention, c: holding(held(0.05)) };
    const text = gainsReport({ environment, results });
    expect(text?.match(/\*\*[^*]+\*\*/g)).toEqual(["**35,000**", "**89 %**", "**50 ms**", "**1**"]);
    for (const ratio of ["3.50 times", "1.11 times", "0.25 times"]) expect(text).toContain(ratio);
    expect(text).toContain("0.25 times the client CPU and 0.25 times the server CPU of redis-semaphore");
    expect(text).toContain("Holdfast 0.2.0 on 2026-01-02");
  });

  it("is not written from a part of the scenarios", () => {
    expect(gainsReport({ environment, results: { a: uncontended, b: contention } })).toBeNull();
  });
});

describe("the comparison with the former build", () => {
  const now = [{ throughput: 30 }, { throughput: 20 }];
  const cell = (results: object) => ({ client: "ioredis", nodes: 3, callers: 1, results });

  it("compares round by round", () => {
    const former = { "holdfast, before": [{ throughput: 10 }, { throughput: 10 }] };
    const text = formerReport({ a: { cells: [cell({ holdfast: now, ...former })] } }).join("\n");
    expect(text).toMatch(/\| a\. ioredis, 1 caller, 3 nodes \| +2\.50× \|/);
  });

  it("is left out if there is none", () => {
    expect(formerReport({ a: { cells: [cell({ holdfast: now })] } })).toEqual([]);
  });
});

describe("groups of nodes", () => {
  const plan = { size: 3, rounds: 1, duration: 100 };

  it("are compared with one group", () => {
    const slice = { throughput: 100, p50: 1, cpu: 20, serverCpu: 8 };
    const results = { 1: [slice], 2: [{ ...slice, throughput: 150, serverCpu: 4 }] };
    const rows = groupsReport({ ...plan, cells: [{ callers: 100, results }] })
      .join("\n")
      .split("\n");
    expect(rows.at(-1)).toMatch(/\| 2 +\| +150 \| +1\.50× \| +1 \| +20 \| +4 \| +0\.50× \|/);
  });

  it("are left out of a build without them, and the report says so", () => {
    expect(groupsReport({ ...plan, refused: "groups must be left out" }).at(-1)).toBe(
      "Left out: this build refuses the option `groups`.",
    );
  });
});

describe("a section of a page", () => {
  it("is replaced between its markers", () => {
    const page = "before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n";
    expect(withSection(page, "bench", "new")).toBe(
      "before\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\nafter\n",
    );
  });

  it("must have its markers", () => {
    expect(() => withSection("no markers", "bench", "new")).toThrow("<!-- bench:begin -->");
  });

  it.each([
    ["docs/performance.md", "gains"],
    ["docs/benchmarks.md", "bench"],
    ["docs/benchmarks.md", "inspector"],
  ])("is in %s: %s", (page, name) => {
    const text = readFileSync(page, "utf8");
    expect(withSection(text, name, "new")).toContain("\n\nnew\n\n");
  });
});
