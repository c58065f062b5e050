// Parent of the test servers. It must be a process of its own: whatever ends the test run, SIGKILL included, closes
// the channel to it, and only a living process can then end servers that know nothing of the run. Servers that were
// stopped (SIGSTOP) ignore everything but SIGKILL, so that is what they get. Plain JavaScript: node runs it as is.
import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A killed process is gone in milliseconds, unless the kernel holds it. */
const LAST_RESORT_MS = 5_000;

/** @type {Map<number, import("node:child_process").ChildProcess>} */
const servers = new Map();
/** @type {Set<string>} */
const directories = new Set();

/** @param {{ id: number, ended: string } | { id: number, pid: number }} report */
function tell(report) {
  // The parent may be gone already: then "disconnect" follows, and there is nobody to tell.
  if (process.connected) process.send?.(report, undefined, undefined, () => {});
}

/** @typedef {{ id: number, command: string, args: string[], env: Record<string, string>, directory: string }} Request */

/** @param {Request} request */
function start(request) {
  directories.add(request.directory);
  try {
    run(request);
  } catch (error) {
    tell({ id: request.id, ended: String(error) });
  }
}

/** @param {Request} request */
function run({ id, command, args, env, directory }) {
  const log = openSync(join(directory, "server.log"), "a");
  const options = { cwd: directory, env: { ...process.env, ...env } };
  const server = spawn(command, args, { ...options, stdio: ["ignore", log, log] });
  closeSync(log);
  servers.set(id, server);
  /** @param {string} reason */
  const ended = (reason) => {
    if (servers.delete(id)) tell({ id, ended: reason });
  };
  // A program that can't be run has an "error" and no pid; one that ran has an "exit".
  server.on("error", (error) => {
    if (server.pid === undefined) ended(String(error));
  });
  server.on("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
  if (server.pid !== undefined) tell({ id, pid: server.pid });
}

function endEverything() {
  setTimeout(() => process.exit(1), LAST_RESORT_MS);
  const ends = [...servers.values()].map((server) => {
    const end = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    return end;
  });
  Promise.all(ends).then(() => {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
    process.exit(0);
  });
}

process.on("message", start);
process.on("disconnect", endEverything);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, endEverything);
