/** From best to worst; the exit code follows the worst. */
export const severities = ["ok", "note", "warning", "error"] as const;
export type Severity = (typeof severities)[number];

/** A JSON value. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** The codes of all checks. Public: they are listed in docs/doctor.md and do not change. */
export const codes = [
  "unreachable",
  "version",
  "latency",
  "mode",
  "replication",
  "writes",
  "script",
  "rights",
  "rights-lock",
  "rights-identity",
  "rights-memory",
  "rights-sets",
  "rights-queue",
  "rights-wake",
  "rights-fence",
  "rights-publish",
  "password-unneeded",
  "eviction",
  "memory",
  "admitted",
  "persistence",
  "persistence-broken",
  "clock",
  "quorum",
  "count",
  "duplicate",
  "duplicate-unknown",
  "same-host",
  "databases",
  "memory-marker",
  "sets",
  "clocks-apart",
  "own-clock",
] as const;
export type Code = (typeof codes)[number];

/** The result of one check. */
export interface Finding {
  readonly severity: Severity;
  readonly code: Code;
  /** What was found, in words. */
  readonly found: string;
  /** The same in machine-readable form. */
  readonly value: Plain;
  /** What the finding means for locks; null if nothing is wrong. */
  readonly means: string | null;
  /** What to do about it; null if there is nothing to do. */
  readonly advice: string | null;
}

type Trouble = Omit<Finding, "severity" | "means" | "advice"> & {
  readonly means: string;
  readonly advice?: string | null;
};

export const ok = (code: Code, found: string, value: Plain): Finding => ({
  severity: "ok",
  code,
  found,
  value,
  means: null,
  advice: null,
});

const trouble =
  (severity: Severity) =>
  ({ code, found, value, means, advice = null }: Trouble): Finding => // In this order, so that JSON has it.
  ({ severity, code, found, value, means, advice });
export const note = trouble("note");
export const warning = trouble("warning");
export const error = trouble("error");

export const worstOf = (all: readonly Severity[]): Severity =>
  severities[Math.max(0, ...all.map((one) => severities.indexOf(one)))] ?? "ok";
