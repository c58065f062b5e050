import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isAlive } from "./is-alive.js";
import { waitUntil } from "./servers.js";

const SCRIPT = fileURLToPath(new URL("./fixtures/start-server-and-wait.mjs", import.meta.url));

test.each([
  ["running", "SIGKILL", []],
  ["suspended", "SIGKILL", ["--suspend"]],
  ["running", "SIGINT", []],
] as const)(
  "a %s server and its folder are removed when its parent dies of %s",
  { timeout: 60_000 },
  async (_, signal, args) => {
    const parent = spawn(process.execPath, [SCRIPT, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const { pid, directory } = await firstLine(parent);
      expect(isAlive(pid) && existsSync(directory)).toBe(true);
      parent.kill(signal);
      await once(parent, "exit");
      await waitUntil("the server is gone", 5_000, () => !isAlive(pid));
      await waitUntil("its folder is gone", 5_000, () => !existsSync(directory));
    } finally {
      parent.kill("SIGKILL");
    }
  },
);

async function firstLine(parent: ChildProcess): Promise<{ pid: number; directory: string }> {
  const lines = createInterface({ input: parent.stdout! });
  const [line] = await once(lines, "line", { signal: AbortSignal.timeout(45_000) });
  return JSON.parse(line);
}
