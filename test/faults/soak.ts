import { readFileSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { durationSyntax, formatDuration, parseDuration } from "../../src/cli/duration.js";
import type { FaultClass } from "./limits.js";
import { misses, type Ran, reportOf } from "./report.js";
import { runFaults } from "./run.js";

interface SoakOptions {
  readonly for: number;
  readonly seed: number;
  readonly class: FaultClass;
  readonly json?: string;
  readonly write?: boolean;
}

const page = "docs/safety.md";

/** Runs a soak from the command line. Returns the exit code. */
export async function soak(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("interrupted"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
  console.error(`${options.class}, seed ${options.seed}, for ${formatDuration(options.for)}`);
  const verdict = await runFaults({ ...options, signal: stop.signal });
  const report = reportOf(verdict, options);
  const missed = misses(verdict, options);
  console.log(report);
  for (const violation of verdict.violations) console.log(`VIOLATION: ${violation}`);
  for (const miss of missed) console.log(`MISSED: ${miss}`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ ...options, verdict, missed }, null, 1)}\n`);
  }
  if (stop.signal.aborted) {
    console.error("interrupted: the run is incomplete");
    return 1;
  }
  if (options.write === true) writeInto(page, options, report);
  return verdict.violations.length + missed.length > 0 ? 1 : 0;
}

function optionsOf(args: readonly string[]): SoakOptions {
  return new Command("soak")
    .description(
      "injects faults into real servers and processes, and checks the locks from an independent record",
    )
    .option("--for <duration>", "duration of the run", duration, 600_000)
    .option("--seed <number>", "determines the faults and their times", whole, Date.now() % 1_000_000)
    .addOption(
      new Option("--class <class>", "class of faults").choices(["in bounds", "beyond"]).default("in bounds"),
    )
    .option("--json <file>", "write the complete verdict")
    .option("--write", `write the figures into ${page}`)
    .parse(args, { from: "user" })
    .opts();
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 5_000)
    throw new InvalidArgumentError(`give ${durationSyntax}, of at least 5 s`);
  return ms;
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("give a whole number from 0 to 999999999");
  return Number(text);
}

/** Writes the report between the markers of its class. Throws an error if there are none. */
function writeInto(file: string, { class: name }: Ran & SoakOptions, report: string): void {
  const text = readFileSync(file, "utf8");
  const [begin, end] = ["begin", "end"].map((side) => `<!-- soak ${name}: ${side} -->`) as [string, string];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file} has no ${begin} and ${end}`);
  writeFileSync(file, `${text.slice(0, from)}${begin}\n\n${report}\n\n${text.slice(to)}`);
}
