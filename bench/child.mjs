/** The parent's side of a measurement that runs in a child process; the child's side is children/serve.mjs. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stopAtExit } from "./leftovers.mjs";

/**
 * Starts `children/<program>.mjs` with a job, and resolves when the child is ready. `ask(order)` resolves with the result
 * of one measurement. `go(order)` does too, and then ends the process, as `stop()` does.
 */
export async function startChild(program, job) {
  const path = fileURLToPath(new URL(`children/${program}.mjs`, import.meta.url));
  const child = fork(path, { execArgv: ["--disable-warning=COLD_START", "--expose-gc"] });
  const stop = () => child.kill("SIGKILL");
  child.once("exit", stopAtExit(stop));
  const answer = () =>
    new Promise((resolve, reject) => {
      const ended = (code, signal) => reject(new Error(`${program} ended early (${signal ?? code})`));
      child.once("exit", ended);
      child.once("message", ({ result, error }) => {
        child.off("exit", ended);
        if (error === undefined) resolve(result);
        else reject(new Error(`${program}: ${error}`));
      });
    });
  const ready = answer();
  child.send(job);
  try {
    await ready;
  } catch (error) {
    stop();
    throw error;
  }
  const ask = (order = {}) => {
    const done = answer();
    child.send(order);
    return done;
  };
  return { stop, ask, go: (order) => ask(order).finally(stop) };
}
