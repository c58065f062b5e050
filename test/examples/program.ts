import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";

/** How a program ended, and what it wrote until then. */
export interface Ended {
  /** Null if it had to be killed: it did not end by itself. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** ms; the longest example works for three seconds. */
const bound = 15_000;

/** Runs Node in the repository, where `holdfast` is the package itself: what was built, not the sources. */
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

/** The runner sets both, and Node warns of the two together. */
function withoutTestRunner(): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_OPTIONS: ___, ...env } = process.env;
  return env;
}
