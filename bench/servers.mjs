/** The benchmark's Redis servers, on free ports of the loopback interface. They end with this process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { stopAtExit } from "./leftovers.mjs";

/** Where the tests store a downloaded Redis server if the system has none. */
const fetched = fileURLToPath(new URL("../node_modules/.cache/holdfast/redis/usr", import.meta.url));

function launch() {
  const named = process.env.HOLDFAST_REDIS_SERVER;
  const cached = join(fetched, "bin/redis-server");
  if (named !== undefined || !existsSync(cached)) return { command: named ?? "redis-server", env: {} };
  return {
    command: cached,
    env: {
      LD_LIBRARY_PATH: join(fetched, `lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`),
    },
  };
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Starts `count` empty servers without persistence. Returns their ports and process ids, a function that stops them, and one
 * that restarts the server with this index on its port.
 */
export async function startServers(count) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const { command, env } = launch();
  const children = [];
  /** Starts a server in the place of an earlier one. */
  const start = async (index, port) => {
    const folderArgs = ["--save", "", "--appendonly", "no", "--dir", folder];
    const args = ["--port", String(port), "--bind", "127.0.0.1", ...folderArgs];
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: "ignore" });
    children[index] = child;
    child.on("error", ({ message }) => {
      console.error(
        `no Redis server could be started (${message}): run npm test once, or name one in HOLDFAST_REDIS_SERVER`,
      );
      process.exit(1);
    });
    const client = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null });
    client.on("error", () => {});
    await client.ping();
    client.disconnect();
  };
  const stop = () => {
    forget();
    // A suspended process reacts to no other signal.
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  const forget = stopAtExit(stop);
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  await Promise.all(ports.map((port, index) => start(index, port)));
  const restart = async (index) => {
    const child = children[index];
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    await gone;
    await start(index, ports[index]);
  };
  return { ports, pids: children.map(({ pid }) => pid), stop, restart };
}
