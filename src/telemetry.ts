export { instrumentLocks, type TelemetryOptions } from "./telemetry/instrument.js";
export { type PrometheusText, prometheusOf } from "./telemetry/prometheus.js";
export { type QueryTextSerializer, withoutTokens } from "./telemetry/query-text.js";
