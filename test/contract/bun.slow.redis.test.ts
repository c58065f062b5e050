import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { nodeCases } from "../../src/testing/contract/node-contract.js";
import { fetchNpm } from "../support/fetch-npm.js";
import { startServer } from "../support/servers.js";

const fixture = fileURLToPath(new URL("./fixtures/bun-contract.mjs", import.meta.url));
const version = "1.4.5";

test("Bun's RedisClient keeps the contract, and notices the loss and the return of its server", async () => {
  const bun = join(await fetchNpm("bun", version), "node_modules/bun/bin/bun.exe");
  const server = await startServer();
  try {
    const child = spawn(bun, [fixture, server.url], { stdio: ["ignore", "pipe", "inherit"] });
    const lines: string[] = [];
    const ended = once(child, "exit");
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line.startsWith("cases: ")) await server.kill();
      if (line === "down") await server.restart();
    }
    expect(lines).toEqual([`cases: ${nodeCases.length}`, "down", "ready"]);
    expect(await ended).toEqual([0, null]);
  } finally {
    await server.stop();
  }
}, 300_000);
