#!/usr/bin/env node
import { packageVersion } from "../support/version.js";
import { exitCode } from "./exit.js";
import { explain } from "./failure.js";
import { output, surviveClosedStreams } from "./output.js";
import { buildProgram } from "./program.js";
import { hideCredentialsIn } from "./redact.js";

surviveClosedStreams();
hideCredentialsIn(process.argv);

process.on("uncaughtException", (error) => process.exit(fail(error)));
// Node's own warnings take several lines.
process.removeAllListeners("warning");
process.on("warning", ({ message }) => {
  if (asksForJson()) output.json({ event: "warning", time: Date.now(), message });
  else output.complain(`warning: ${message}`);
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

/** What follows "--" are the command's own options. */
function asksForJson(): boolean {
  const end = process.argv.indexOf("--");
  return process.argv.slice(2, end === -1 ? undefined : end).includes("--json");
}

function fail(error: unknown): number {
  const { exitCode, message } = explain(error);
  if (message !== null) output.complain(message);
  output.trace(error);
  return exitCode;
}
