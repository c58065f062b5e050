import { Help } from "commander";
import type { Colours } from "../colours.js";
import type { Diagnosis, NodeDiagnosis } from "./diagnose.js";
import { type Finding, type Severity, severities, worstOf } from "./finding.js";
import { count } from "./words.js";

/** Length of the longest severity. */
const severityWidth = Math.max(...severities.map((severity) => severity.length));

/** The diagnosis as lines of text. `width`: columns of the terminal. */
export function reportLines({ nodes, set, verdict }: Diagnosis, paint: Colours, width: number): string[] {
  const all = [...nodes.flatMap(({ findings }) => findings), ...set];
  return [
    ...nodes.flatMap((node) => [...nodeLines(node, paint, width), ""]),
    paint.bold(nodes.length === 1 ? "as the only node" : `the set of ${count(nodes.length, "node")}`),
    ...set.flatMap((finding) => findingLines(finding, paint, width)),
    "",
    paint.bold(summary(all, verdict)),
  ];
}

function nodeLines({ node, findings }: NodeDiagnosis, paint: Colours, width: number): string[] {
  const worst = worstOf(findings.map(({ severity }) => severity));
  const title = `${paint.bold(node)}  ${painted(worst, paint)(worst)}`;
  return [title, ...findings.flatMap((finding) => findingLines(finding, paint, width))];
}

export function findingLines(
  { severity, code, found, means, advice }: Finding,
  paint: Colours,
  width: number,
): string[] {
  const label = painted(severity, paint)(severity.padEnd(severityWidth));
  const head = wrapped(`${code}: ${found}`, width, severityWidth + 4);
  const rest = [
    ...(means === null ? [] : wrapped(means, width, severityWidth + 4)),
    ...(advice === null ? [] : wrapped(`→ ${advice}`, width, severityWidth + 4)),
  ];
  const margin = " ".repeat(severityWidth);
  return [
    ...head.map((line, index) => `  ${index === 0 ? label : margin}  ${line}`),
    ...rest.map((line) => `  ${margin}  ${paint.dim(line)}`),
  ];
}

const wrapped = (text: string, width: number, margin: number): string[] =>
  new Help().boxWrap(text, width - margin).split("\n");

function painted(severity: Severity, paint: Colours): (text: string) => string {
  if (severity === "error") return paint.red;
  if (severity === "warning") return paint.yellow;
  return severity === "ok" ? paint.green : paint.cyan;
}

function summary(all: readonly Finding[], verdict: Severity): string {
  const number = (severity: Severity) => all.filter((finding) => finding.severity === severity).length;
  const bad = (["error", "warning", "note"] as const)
    .filter((severity) => number(severity) > 0)
    .map((severity) => count(number(severity), severity));
  return verdict === "ok" ? `all ${all.length} checks are fine` : bad.join(", ");
}
