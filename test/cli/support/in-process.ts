import { constants } from "node:os";
import { vi } from "vitest";
import { explain } from "../../../src/cli/failure.js";
import { output } from "../../../src/cli/output.js";
import { buildProgram } from "../../../src/cli/program.js";
import { hideCredentialsIn } from "../../../src/cli/redact.js";
import { packageVersion } from "../../../src/support/version.js";

const signals = Object.keys(constants.signals) as NodeJS.Signals[];

export interface Written {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command line as `src/cli/main.ts` does, but in the process of the test, which takes milliseconds. For command
 * lines that end at once. The process notes the secrets of the command line until it ends. HOLDFAST_NODES and HOLDFAST_PREVIOUS_NODES are not set.
 */
export async function inProcess(args: readonly string[]): Promise<Written> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation(((text: string, done?: () => void) => {
      written[stream] += text;
      done?.();
      return true;
    }) as typeof process.stdout.write),
  );
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const { HOLDFAST_NODES, HOLDFAST_PREVIOUS_NODES } = process.env;
  delete process.env.HOLDFAST_NODES;
  delete process.env.HOLDFAST_PREVIOUS_NODES;
  hideCredentialsIn(args);
  let code = Number.NaN;
  const program = buildProgram(packageVersion(), (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    const { exitCode, message } = explain(error);
    code = exitCode;
    if (message !== null) output.error(message);
  } finally {
    for (const spy of spies) spy.mockRestore();
    if (HOLDFAST_NODES !== undefined) process.env.HOLDFAST_NODES = HOLDFAST_NODES;
    if (HOLDFAST_PREVIOUS_NODES !== undefined) process.env.HOLDFAST_PREVIOUS_NODES = HOLDFAST_PREVIOUS_NODES;
    // A real process would end here, and remove its signal handlers.
    for (const signal of signals) {
      const added = process.listeners(signal).filter((one) => !before.get(signal)?.includes(one));
      for (const one of added) process.off(signal, one);
    }
  }
  return { code, ...written };
}
