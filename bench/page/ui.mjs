import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { stopAtExit } from "../leftovers.mjs";
import { root } from "../packages.mjs";

/** Clock ticks a second in /proc: 100 on every Linux. */
const ticksPerSecond = 100;

/** Runs `holdfast ui` on these servers. */
export async function startUi(ports) {
  const nodes = ports.flatMap((port) => ["--node", `redis://127.0.0.1:${port}`]);
  const child = spawn(process.execPath, [`${root}dist/esm/cli.js`, "ui", "--port", "0", ...nodes], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stop = () => child.kill("SIGKILL");
  child.once("exit", stopAtExit(stop));
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  return {
    url: `${line.trim()}#/?sort=hot`,
    /** Processor time in s that it has used. Linux only. */
    cpuTime() {
      // The name of the program may contain blanks.
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ");
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    },
    stop,
  };
}
