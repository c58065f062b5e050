import { selector } from "./metrics.mjs";

/** Node states in which a node does not vote, and does not become ready by itself within a few round trips. */
const notVoting = ["down", "unresponsive", "quarantined"];

/**
 * The alerts of docs/operating.md. `on`: a matcher that all expressions have besides their own, or "".
 * `expr` is PromQL; `runbook` is a heading of docs/operating.md.
 */
export function alertsOf(metrics, on = "") {
  const { labels, losses, quorumLosses, retries, failures, nodes, wait } = metrics;
  const perProcess = `job, instance`;
  const timedOut = `${labels.errorType}="ACQUIRE_TIMEOUT"`;
  return [
    {
      name: "HoldfastLeaseLost",
      severity: "critical",
      for: "0m",
      expr: `sum by (${perProcess}, ${labels.reason}) (${increased(selector(losses, on), "10m")})`,
      summary: `A lease was lost in {{ $labels.instance }} ({{ $labels.${labels.reason} }})`,
      runbook: "a-lease-was-lost",
    },
    {
      name: "HoldfastRenewalWithoutQuorum",
      severity: "warning",
      for: "0m",
      expr: `sum by (${perProcess}) (${increased(selector(quorumLosses, on), "10m")})`,
      summary: "Renewals in {{ $labels.instance }} found no quorum: leases are lost if this goes on",
      runbook: "a-lease-was-lost",
    },
    {
      name: "HoldfastNoQuorum",
      severity: "critical",
      for: "1m",
      expr:
        `sum by (job) (rate(${selector(retries, `${labels.reason}=~"noQuorum|tooSlow"`, on)}[5m])` +
        ` or rate(${selector(failures, `${labels.errorType}="QUORUM_UNAVAILABLE"`, on)}[5m])) > 0`,
      summary: "Attempts of {{ $labels.job }} find no quorum of nodes, or find it too late",
      runbook: "nothing-can-be-acquired",
    },
    {
      name: "HoldfastNodeNotVoting",
      severity: "warning",
      for: "3m",
      expr:
        `sum by (job, ${labels.node})` +
        ` (${selector(nodes, `${labels.nodeState}=~"${notVoting.join("|")}"`, on)}) > 0`,
      summary: `{{ $labels.${labels.node} }} does not vote in {{ $labels.job }}: seen by {{ $value }} of its managers`,
      runbook: "a-node-is-quarantined",
    },
    {
      name: "HoldfastWaitsTimeOut",
      severity: "warning",
      for: "5m",
      expr:
        `sum by (job) (rate(${selector(`${wait}_count`, timedOut, on)}[10m]))` +
        ` / sum by (job) (rate(${selector(`${wait}_count`, on)}[10m])) > 0.1`,
      summary: "{{ $value | humanizePercentage }} of the acquisitions of {{ $labels.job }} time out",
      runbook: "a-lock-is-stuck",
    },
  ];
}

/**
 * What a counter has gained. OpenTelemetry reports a counter from its first addition on, and `increase` does not see a
 * counter that begins at 1. So a counter that did not exist before counts as a whole.
 */
const increased = (counter, time) =>
  `increase(${counter}[${time}]) > 0 or (${counter} > 0 unless ${counter} offset ${time})`;
