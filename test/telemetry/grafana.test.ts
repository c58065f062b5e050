import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { staleFiles } from "../../scripts/generated/files.mjs";
import { grafanaFiles } from "../../scripts/grafana/files.mjs";
import * as instruments from "../../src/telemetry/instruments.js";
import * as names from "../../src/telemetry/names.js";
import { prometheusOf } from "../../src/telemetry/prometheus.js";
import { TestNodes } from "../manager/test-nodes.js";
import { caught } from "../safety/scripted-locks.js";
import { waitUntil } from "../support/wait-until.js";
import { type Sample, samplesOf } from "./exposition.js";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const files = grafanaFiles({ ...instruments, ...names });
const text = (path: string) => readFileSync(path, "utf8");
const rules: Rule[] = parse(text("docs/grafana/holdfast.rules.yml")).groups[0].rules;
const panels: Panel[] = JSON.parse(text("docs/grafana/holdfast.json")).panels;
const queries = [
  ...rules.map(({ alert, expr, annotations }) => ({ of: alert, expr, shown: annotations.summary })),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => ({ of: title, expr, shown: legendFormat })),
  ),
];
/** Prometheus itself adds these labels. */
const ofTheTarget = ["job", "instance"];

/** A query with a value for Grafana's variables, and its syntax tree, which throws if the syntax is wrong. */
function parsed(query: string) {
  const expr = query.replaceAll("$__rate_interval", "5m");
  const selectors: { name: string; labels: string[]; values: [string, string][] }[] = [];
  const grouping: string[] = [];
  const strict = parser.configure({ strict: true });
  strict.parse(expr).iterate({
    enter: ({ name, node, from, to }) => {
      const textOf = (child: { from: number; to: number }) => expr.slice(child.from, child.to);
      if (name === "GroupingLabels") grouping.push(...(expr.slice(from, to).match(/\w+/g) ?? []));
      if (name !== "VectorSelector") return;
      const metric = node.getChild("Identifier");
      const matchers = expr.slice(from, to).matchAll(/(\w+)(?:=~|!=|!~|=)"([^"]*)"/g);
      const values = [...matchers].map(([, label = "", value = ""]): [string, string] => [label, value]);
      const labels = values.map(([label]) => label);
      selectors.push({ name: metric === null ? "" : textOf(metric), labels, values });
    },
  });
  return { selectors, grouping };
}

let samples: Sample[];
const labelsOf = (name: string) =>
  new Set(samples.filter((sample) => sample.name === name).flatMap(({ labels }) => Object.keys(labels)));

/** Lets locks do everything that is counted: nodes are hung, restarted without a memory, and back again. */
beforeAll(async () => {
  const world = new TestNodes(3);
  const locks = world.locks({ ttl: 1_000, nodeTimeout: 100 });
  const prometheus = await prometheusOf([locks]);
  if (prometheus === null) throw new Error("the peers are not installed");
  await (await world.run(locks.acquire("a"))).release();
  const lease = await world.run(locks.acquire("a", { onLost: () => {} }));
  await world.run(lease.renew());
  await world.run(caught(locks.acquire("a", { wait: 200 })));
  for (const node of world.nodes) node.hang();
  await world.clock.advance(1_500);
  await world.run(caught(locks.acquire("b", { wait: 3_000 })));
  await world.run(caught(locks.acquire("b", { wait: 0 })));
  // The delay of the event loop is measured in real time.
  await waitUntil("the delay of the event loop is known", 20_000, async () => {
    samples = samplesOf(await prometheus.text());
    return samples.some(({ name }) => name === "nodejs_eventloop_delay_max");
  });
  await prometheus.stop();
  await world.run(locks.close({ timeout: 10 }));
});

describe("the Grafana dashboard and the alert rules", () => {
  it("are those that the names in the code give", () => {
    expect(staleFiles(files, ".")).toEqual([]);
    expect([...files.keys()]).toEqual(["docs/grafana/holdfast.json", "docs/grafana/holdfast.rules.yml"]);
  });

  it.each(queries)("$of: $expr is PromQL, over metrics and labels that are exported", ({ expr, shown }) => {
    const { selectors, grouping } = parsed(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { name, labels } of selectors) {
      expect(samples.map((sample) => sample.name)).toContain(name);
      expect([...labelsOf(name), ...ofTheTarget]).toEqual(expect.arrayContaining(labels));
      expect([...labelsOf(name), ...ofTheTarget]).toEqual(expect.arrayContaining(grouping));
    }
    const variables = [...shown.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label);
    expect(grouping).toEqual(expect.arrayContaining(variables));
  });

  it.each(rules)("$alert selects values that are exported, and has a panel and a runbook", (rule) => {
    for (const { name, values } of parsed(rule.expr).selectors) {
      for (const [label, alternatives] of values) {
        const exported = new Set(
          samples.filter((one) => one.name === name).map(({ labels }) => labels[label]),
        );
        expect(alternatives.split("|").some((value) => exported.has(value))).toBe(true);
      }
    }
    expect(panels.map(({ title }) => title)).toContain(rule.alert);
    const [page = "", anchor] = rule.annotations.runbook.split("#");
    const headings = [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replaceAll(" ", "-"),
    );
    expect(headings).toContain(anchor);
  });

  it("query every metric, so that none is forgotten", () => {
    const queried = new Set(queries.flatMap(({ expr }) => parsed(expr).selectors.map(({ name }) => name)));
    const family = (name: string) => name.replace(/_(?:bucket|sum|count)$/, "");
    const exported = new Set(samples.map(({ name }) => family(name)));
    exported.delete("nodejs_eventloop_delay_p50");
    expect(new Set([...queried].map(family))).toEqual(exported);
  });

  it.each(["sum by (job (up)", "rate(up[5m]", "up{job=}", "up >"])("no check accepts %s", (expr) => {
    expect(() => parsed(expr)).toThrow();
  });
});
