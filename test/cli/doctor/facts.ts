import type { Answer, NodeFacts, Reached, Standards } from "../../../src/cli/doctor/facts.js";
import type { Finding } from "../../../src/cli/doctor/finding.js";
import { Info } from "../../../src/cli/doctor/info.js";

export const standards: Standards = {
  nodes: 3,
  previous: null,
  prefix: "",
  ttl: 10_000,
  nodeTimeout: 500,
  quarantine: "auto",
};

/** INFO of a healthy server, field by field. */
const healthy: Readonly<Record<string, string | number>> = {
  redis_version: "7.2.5",
  redis_mode: "standalone",
  run_id: "a1",
  role: "master",
  connected_slaves: 0,
  used_memory: 1_000_000,
  used_memory_rss: 2_000_000,
  total_system_memory: 1_000_000_000,
  maxmemory: 0,
  maxmemory_policy: "noeviction",
  aof_enabled: 1,
  cluster_enabled: 0,
};

export const infoOf = (fields: Readonly<Record<string, string | number | undefined>>): Answer<Info> => {
  const lines = Object.entries({ ...healthy, ...fields }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}:${value}`],
  );
  return { ok: true, value: new Info(`# Server\r\n${lines.join("\r\n")}\r\n`) };
};

export const refused = (code: string, message = `${code} said the server`) =>
  ({ ok: false, refusal: { code, message } }) as const;

/** A healthy server, except for `facts`. */
export const reached = (facts: Partial<Omit<Reached, "reached">> = {}): Reached => ({
  node: "redis://one",
  database: 0,
  reached: true,
  peer: "10.0.0.1",
  passwordUnneeded: false,
  pings: [0.5, 0.4, 0.6],
  clock: { offset: 1, uncertainty: 2 },
  info: infoOf({}),
  clusterSize: null,
  config: new Map([
    ["appendfsync", "always"],
    ["aof-load-truncated", "no"],
    ["min-replicas-to-write", "0"],
  ]),
  script: { ok: true, value: 1 },
  write: { ok: true, value: null },
  trials: [{ purpose: "lock", needs: { kind: "command", name: "GET" }, outcome: "allowed" }],
  marker: { ok: true, value: true },
  newerVersion: null,
  abstains: null,
  sets: { ok: true, value: [] },
  watermark: null,
  admitted: null,
  complete: true,
  ...facts,
});

export const unreached = (node = "redis://two"): NodeFacts => ({
  node,
  database: 0,
  reached: false,
  failure: "refused",
  message: "connect ECONNREFUSED",
});

/** Severity and code of each finding. Tests do not check the texts. */
export const summaryOf = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, code }) => `${severity} ${code}`);
