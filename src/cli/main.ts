#!/usr/bin/env node
import { packageVersion } from "../support/version.js";
import { exitCode } from "./exit.js";
import { explain } from "./failure.js";
import { output, surviveClosedStreams } from "./output.js";
import { buildProgram } from "./program.js";
import { hideCredentialsIn } from "./redact.js";
import { warningFacts, warningLine } from "./warning.js";

surviveClosedStreams();
hideCredentialsIn(process.argv);

process.on("uncaughtException", (error) => process.exit(fail(error)));
// Node.js prints warnings on several lines.
process.removeAllListeners("warning");
const givenAdvice = new Set<string>();
process.on("warning", (warning) => {
  if (asksForJson()) output.json({ event: "warning", time: Date.now(), ...warningFacts(warning) });
  else output.error(warningLine(warning, givenAdvice));
});

process.exit(await main());

async function main(): Promise<number> {
  let code: number = exitCode.ok;
  const program = buildProgram(packageVersion(), (result) => {
    code = result;
  });
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    return fail(error);
  }
}

/** Arguments after "--" belong to the command. */
function asksForJson(): boolean {
  const end = process.argv.indexOf("--");
  return process.argv.slice(2, end === -1 ? undefined : end).includes("--json");
}

function fail(error: unknown): number {
  const { exitCode, message } = explain(error);
  if (message !== null) output.error(message);
  output.trace(error);
  return exitCode;
}
