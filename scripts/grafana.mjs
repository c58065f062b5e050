/**
 * Generates the Grafana dashboard and the alert rules of Prometheus from the names of the metrics in the code. `--check`
 * writes nothing, and fails when a committed file is out of date.
 */
import { writeFileSync } from "node:fs";
import * as instruments from "../build/esm/telemetry/instruments.js";
import * as names from "../build/esm/telemetry/names.js";
import { staleFiles } from "./generated/files.mjs";
import { grafanaFiles } from "./grafana/files.mjs";

const files = grafanaFiles({ ...instruments, ...names });

if (process.argv.includes("--check")) {
  for (const path of staleFiles(files, ".")) {
    console.error(`${path} is out of date: npm run grafana`);
    process.exitCode = 1;
  }
} else {
  for (const [path, text] of files) writeFileSync(path, text);
}
