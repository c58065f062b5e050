// The parent process of the test servers. When the test run ends, even by SIGKILL, the channel to this separate process
// closes, and this process then ends the servers. It uses SIGKILL, because stopped servers (SIGSTOP) ignore other signals.
// Plain JavaScript, so that node can run this file directly.
import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A killed process ends in milliseconds, unless it is blocked in the kernel. */
const LAST_RESORT_MS = 5_000;

/** @type {Map<number, import("node:child_process").ChildProcess>} */
const servers = new Map();
/** @type {Set<string>} */
const directories = new Set();

/** @param {{ id: number, ended: string } | { id: number, pid: number }} report */
function send(report) {
  // The parent may have ended already; then "disconnect" follows, and the report has no receiver.
  if (process.connected) process.send?.(report, undefined, undefined, () => {});
}

/** @typedef {{ id: number, command: string, args: string[], env: Record<string, string>, directory: string }} Request */

/** @param {Request} request */
function start(request) {
  directories.add(request.directory);
  try {
    run(request);
  } catch (error) {
    send({ id: request.id, ended: String(error) });
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
    if (servers.delete(id)) send({ id, ended: reason });
  };
  // A program that cannot be run emits "error" and has no pid; a program that ran emits "exit".
  server.on("error", (error) => {
    if (server.pid === undefined) ended(String(error));
  });
  server.on("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
  if (server.pid !== undefined) send({ id, pid: server.pid });
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
