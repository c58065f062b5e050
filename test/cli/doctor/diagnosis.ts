import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Diagnosis } from "../../../src/cli/doctor/diagnose.js";
import type { Finding } from "../../../src/cli/doctor/finding.js";
import { holdfast } from "../support/holdfast.js";

/** What --json prints. */
export interface Report extends Diagnosis {
  readonly version: number;
  readonly exitCode: number;
}

/** With a node timeout by which no busy machine looks slow. */
const config = fileURLToPath(new URL("fixtures/patient.json", import.meta.url));

/** Runs the command. Whatever it finds, it is one document on stdout, and says with what it exits. */
export async function diagnosis(nodes: readonly string[], ...args: string[]): Promise<Report> {
  const addresses = nodes.flatMap((node) => ["--node", node]);
  const { code, stdout, stderr } = await holdfast([
    ...["doctor", "--json", "--config", config],
    ...addresses,
    ...args,
  ]);
  expect(stderr).toBe("");
  const report = JSON.parse(stdout) as Report;
  expect(code).toBe(report.exitCode);
  return report;
}

export const findingsOf = ({ nodes, set }: Report): Finding[] => [
  ...nodes.flatMap(({ findings }) => findings),
  ...set,
];
