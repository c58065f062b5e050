import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";

/** The exit code and the output of a program. */
export interface Ended {
  /** Null if the program did not end and was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Timeout in ms; the longest example runs for three seconds. */
const bound = 15_000;

/** Runs Node.js in the repository, where `holdfast` resolves to the built package. */
export async function runNode(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = "",
): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    env: { ...withoutTestRunner(), ...env },
    stdio: "pipe",
    timeout: bound,
    killSignal: "SIGKILL",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Removes variables of the test runner, because Node.js warns if NO_COLOR and FORCE_COLOR are both set. */
function withoutTestRunner(): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_OPTIONS: ___, ...env } = process.env;
  return env;
}
