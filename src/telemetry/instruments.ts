import type { Meter } from "@opentelemetry/api";

/** Bucket boundaries in s: from a round trip within one data centre to the longest waits. */
const shortTimes = [
  ...[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  ...[1, 2.5, 5, 10, 30, 60],
];
const longTimes = [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400];

/** Counters and histograms. Times are in s, as OpenTelemetry requires. */
export const instrumentsOf = (meter: Meter) => ({
  acquisitions: meter.createCounter("holdfast.lock.acquisitions", {
    unit: "{acquisition}",
    description: "Acquisitions that were granted",
  }),
  failures: meter.createCounter("holdfast.lock.failures", {
    unit: "{acquisition}",
    description: "Acquisitions that ended without a lease, by error",
  }),
  retries: meter.createCounter("holdfast.lock.retries", {
    unit: "{attempt}",
    description: "Attempts after the first one, by the reason why the one before failed",
  }),
  renewals: meter.createCounter("holdfast.lock.renewals", {
    unit: "{renewal}",
    description: "Renewals that succeeded",
  }),
  quorumLosses: meter.createCounter("holdfast.lock.quorum_losses", {
    unit: "{renewal}",
    description: "Renewals that found no quorum; the lease still ran",
  }),
  losses: meter.createCounter("holdfast.lock.losses", {
    unit: "{lease}",
    description: "Leases that were over before they were released, by reason",
  }),
  releases: meter.createCounter("holdfast.lock.releases", {
    unit: "{lease}",
    description: "Leases that were released",
  }),
  wait: meter.createHistogram("holdfast.lock.acquire.duration", {
    unit: "s",
    description: "Time from the wish for a lock to its grant, or to the error",
    advice: { explicitBucketBoundaries: shortTimes },
  }),
  hold: meter.createHistogram("holdfast.lock.hold.duration", {
    unit: "s",
    description: "Time from the grant of a lease to its end",
    advice: { explicitBucketBoundaries: longTimes },
  }),
  votesFailed: meter.createCounter("holdfast.node.votes_failed", {
    unit: "{vote}",
    description: "Votes that a node failed to give, by node and reason",
  }),
  outages: meter.createCounter("holdfast.node.outages", {
    unit: "{outage}",
    description: "Times that a node went down, or was quarantined",
  }),
  requests: meter.createHistogram("holdfast.node.request.duration", {
    unit: "s",
    description: "Time from a request to a node until its answer",
    advice: { explicitBucketBoundaries: shortTimes },
  }),
});

export type Instruments = ReturnType<typeof instrumentsOf>;

/** Gauges that are observed at each collection. */
export const gaugesOf = (meter: Meter) => ({
  inUse: meter.createObservableUpDownCounter("holdfast.lock.in_use", {
    unit: "{lock}",
    description: "Locks that are acquiring or held, by state",
  }),
  nodes: meter.createObservableUpDownCounter("holdfast.node.state", {
    unit: "{observer}",
    description: "How many managers of locks see the node in that state",
  }),
});

/**
 * Gauges like those of OpenTelemetry's own instrumentation of Node.js; each covers the time since the last
 * collection.
 */
export const lagGaugesOf = (meter: Meter) => {
  const gauge = (which: "p50" | "p99" | "max") =>
    meter.createObservableGauge(`nodejs.eventloop.delay.${which}`, {
      unit: "s",
      description: `Delay of the event loop: ${which}`,
    });
  return { p50: gauge("p50"), p99: gauge("p99"), max: gauge("max") };
};
