/**
 * Generates the dashboard and the alert rules, by their paths in the project. `telemetry`: the exports of
 * src/telemetry/instruments and src/telemetry/names.
 */
export function grafanaFiles(telemetry: object): Map<string, string>;
