import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The exit code and the output of a child process. */
interface Ended {
  readonly code: number | null;
  /** The signal that ended the process. */
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly stderr: string;
  /** ms from the last output line to the exit. */
  readonly lingered: number;
}

export interface Child {
  /** Writes a line to the standard input of the child. */
  tell(line: string): void;
  /** Resolves when the child has written this line so many times. Rejects if the child ends before. */
  said(line: string, times?: number): Promise<void>;
  /** Calls back with each line that the child writes from now on. */
  onLine(listener: (line: string) => void): void;
  /** Sends a signal to the child. */
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** Runs `fixtures/<name>.mjs` on the built package. The child is killed at the end of the test. */
export function runFixture(name: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(`./fixtures/${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const listeners: ((line: string) => void)[] = [];
  let stderr = "";
  let lastLine = performance.now();
  let exitedAt = Number.POSITIVE_INFINITY;
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    lastLine = performance.now();
    for (const check of waiting) check();
    for (const listener of listeners) listener(line);
  });
  child.once("exit", () => {
    exitedAt = performance.now();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({ code, signal, lines, stderr, lingered: exitedAt - lastLine }),
    );
  });
  const said = (line: string, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (lines.filter((said) => said === line).length < times) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
      ended.then(
        ({ code }) => reject(new Error(`the child ended (${code}) without "${line}": ${stderr}`)),
        reject,
      );
    });
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  const onLine = (listener: (line: string) => void) => void listeners.push(listener);
  return { said, ended, kill, onLine, tell: (line) => void child.stdin.write(`${line}\n`) };
}
