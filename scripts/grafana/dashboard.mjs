import { alertsOf } from "./alerts.mjs";
import { selector } from "./metrics.mjs";

const datasource = { type: "prometheus", uid: "$datasource" };
const on = 'job=~"$job"';
const green = { color: "green", value: null };
/** Columns of Grafana's grid. */
const columns = 24;

/** The dashboard, as Grafana imports it. */
export function dashboardOf(metrics) {
  const alerts = alertsOf(metrics, on);
  return {
    uid: "holdfast",
    title: "Holdfast",
    description: "Locks, leases and nodes, from the metrics of holdfast/telemetry",
    tags: ["holdfast"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: { list: [datasourceVariable, jobVariable(metrics)] },
    panels: laidOut([alerts.map(alertPanel), ...rowsOf(metrics)]),
  };
}

const datasourceVariable = {
  name: "datasource",
  label: "Data source",
  type: "datasource",
  query: "prometheus",
};

function jobVariable({ inUse }) {
  const query = `label_values(${inUse}, job)`;
  return {
    ...{ name: "job", label: "Job", type: "query", datasource, query, definition: query },
    ...{ refresh: 2, includeAll: true, allValue: ".*", multi: true },
    current: { text: "All", value: "$__all" },
  };
}

/** How many time series fulfil the condition of an alert now. */
const alertPanel = ({ name, expr, severity }) => ({
  title: name,
  type: "stat",
  height: 4,
  targets: [{ expr: `count(${expr}) or vector(0)`, legend: name }],
  options: { colorMode: "background", graphMode: "none", reduceOptions: { calcs: ["lastNotNull"] } },
  fieldConfig: {
    defaults: {
      thresholds: {
        mode: "absolute",
        steps: [green, { color: severity === "critical" ? "red" : "orange", value: 1 }],
      },
    },
    overrides: [],
  },
});

function rowsOf(metrics) {
  const { labels: label, delay } = metrics;
  const rate = (metric, by = "") =>
    `sum${by === "" ? "" : ` by (${by})`} (rate(${selector(metric, on)}[$__rate_interval]))`;
  const quantile = (share, metric, by = "le") =>
    `histogram_quantile(${share}, ${rate(`${metric}_bucket`, by)})`;
  const sum = (metric, by) => `sum by (${by}) (${selector(metric, on)})`;
  const named = (name) => `{{${name}}}`;
  return [
    [
      series("Leases lost", "cps", [
        { expr: rate(metrics.losses, label.reason), legend: named(label.reason) },
        { expr: rate(metrics.quorumLosses), legend: "renewals without a quorum" },
      ]),
      series("Acquisitions", "cps", [
        { expr: rate(metrics.acquisitions), legend: "granted" },
        { expr: rate(metrics.failures, label.errorType), legend: named(label.errorType) },
      ]),
      series("Attempts that were repeated", "cps", [
        { expr: rate(metrics.retries, label.reason), legend: named(label.reason) },
      ]),
    ],
    [
      series("Wait for a lock", "s", [
        { expr: quantile(0.5, metrics.wait), legend: "p50" },
        { expr: quantile(0.99, metrics.wait), legend: "p99" },
      ]),
      series("Time from grant to end", "s", [
        { expr: quantile(0.5, metrics.hold), legend: "p50" },
        { expr: quantile(0.99, metrics.hold), legend: "p99" },
      ]),
      series("Locks in use", "short", [
        { expr: sum(metrics.inUse, label.lockState), legend: named(label.lockState) },
      ]),
    ],
    [
      series("Managers that see a node not ready", "short", [
        {
          expr: `sum by (${label.node}, ${label.nodeState}) (${selector(metrics.nodes, `${label.nodeState}!="ready"`, on)}) > 0`,
          legend: `${named(label.node)} ${named(label.nodeState)}`,
        },
      ]),
      series("Outages of nodes", "cps", [
        {
          expr: rate(metrics.outages, `${label.node}, ${label.nodeState}`),
          legend: `${named(label.node)} ${named(label.nodeState)}`,
        },
      ]),
      series("Votes that failed", "cps", [
        {
          expr: rate(metrics.votesFailed, `${label.node}, ${label.reason}`),
          legend: `${named(label.node)} ${named(label.reason)}`,
        },
      ]),
    ],
    [
      series("Answer of a node, p99", "s", [
        { expr: quantile(0.99, metrics.requests, `le, ${label.node}`), legend: named(label.node) },
      ]),
      series("Delay of the event loop", "s", [
        { expr: `max by (instance) (${selector(delay.p99, on)})`, legend: "{{instance}} p99" },
        { expr: `max by (instance) (${selector(delay.max, on)})`, legend: "{{instance}} max" },
      ]),
      series("Renewals and releases", "cps", [
        { expr: rate(metrics.renewals), legend: "renewals" },
        { expr: rate(metrics.releases), legend: "releases" },
      ]),
    ],
  ];
}

const series = (title, unit, targets) => ({
  ...{ title, type: "timeseries", height: 8, targets },
  fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
});

/** Gives each panel of each row its place, and its targets their letters. */
function laidOut(rows) {
  const panels = [];
  let y = 0;
  for (const row of rows) {
    let x = 0;
    for (const [index, { height, targets, ...panel }] of row.entries()) {
      const w = Math.floor((columns * (index + 1)) / row.length) - x;
      panels.push({
        ...{ id: panels.length + 1, ...panel, datasource, gridPos: { x, y, w, h: height } },
        targets: targets.map(({ expr, legend }, at) => ({
          ...{ refId: String.fromCharCode(65 + at), datasource, expr, legendFormat: legend },
        })),
      });
      x += w;
    }
    y += row[0].height;
  }
  return panels;
}
