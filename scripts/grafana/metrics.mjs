/**
 * The metrics by the names that Prometheus has for them, each by the key of its instrument in src/telemetry.
 * `telemetry`: the exports of src/telemetry/instruments and src/telemetry/names.
 */
export function metricsOf({ instrumentsOf, gaugesOf, lagGaugesOf, attributes, statesInUse, nodeStates }) {
  const spelled = (name) => name.replaceAll(".", "_");
  const meter = {
    createCounter: (name) => `${spelled(name)}_total`,
    createHistogram: spelled,
    createObservableUpDownCounter: spelled,
    createObservableGauge: spelled,
  };
  return {
    ...instrumentsOf(meter),
    ...gaugesOf(meter),
    delay: lagGaugesOf(meter),
    labels: Object.fromEntries(Object.entries(attributes).map(([key, name]) => [key, spelled(name)])),
    statesInUse,
    nodeStates,
  };
}

/** A selector of PromQL, such as `up{job=~"a"}`. */
export function selector(metric, ...matchers) {
  const given = matchers.filter((matcher) => matcher !== "");
  return given.length === 0 ? metric : `${metric}{${given.join(",")}}`;
}
