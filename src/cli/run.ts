import { LockLease } from "../api/lock-lease.js";
import type { Handle, Lease } from "../api/types.js";
import { within } from "./bounded.js";
import { CommandError, exitCode } from "./exit.js";
import { explain } from "./failure.js";
import { HoldLimit, heldFor } from "./hold-limit.js";
import { output } from "./output.js";
import { runElected } from "./run-elected.js";
import { closeTimeout, createRunLocks } from "./run-locks.js";
import { jsonRunLog, type RunLog, textRunLog } from "./run-log.js";
import type { RunOptions } from "./run-options.js";
import { SignalRelay } from "./signals.js";
import { Supervision } from "./supervise.js";

/** `holdfast run`: runs the command under the lock, or wherever the leader is. Resolves with the exit code. */
export async function run(options: RunOptions): Promise<number> {
  if (process.platform === "win32") {
    throw new CommandError(exitCode.internal, "run needs process groups and signals, which Windows has not");
  }
  const runLog = options.json ? jsonRunLog : textRunLog;
  const relay = new SignalRelay(options.foreground, () =>
    runLog.write({ event: "warning", message: "not suspended: a lock that is not renewed would be lost" }),
  );
  try {
    return await (options.elect === null ? runLocked : runElected)(options, runLog, relay);
  } catch (error) {
    const { exitCode: code, message } = explain(error, options.conflictExitCode);
    if (message !== null) runLog.write({ event: "error", exitCode: code, message });
    output.trace(error);
    return code;
  }
}

/** Acquires the lock, runs the command, releases the lock. Resolves with the exit code. */
async function runLocked(options: RunOptions, runLog: RunLog, relay: SignalRelay): Promise<number> {
  const locks = createRunLocks(options);
  runLog.follow(locks);
  let releasable = true;
  try {
    const handle = locks.handle(options.resources);
    let acquisition = "";
    handle.on("acquired", (event) => {
      acquisition = event.acquisition;
    });
    const lease = await obtain(handle, options, relay);
    const holdLimit = new HoldLimit(lease, options.maxHold, heldFor(lease));
    const input = { events: handle, lease, holdLimit, acquisition, options, runLog, relay };
    const supervision = new Supervision(input);
    try {
      const { code, survivors } = await supervision.run();
      releasable = survivors.length === 0;
      return code;
    } finally {
      // Somebody else may run what did not run here.
      if (!supervision.started && lease instanceof LockLease) lease.freeOnRelease();
      if (releasable) await within(closeTimeout, lease.release());
    }
  } finally {
    // Closing would release the lock as well.
    if (releasable) await within(closeTimeout, locks.close({ timeout: closeTimeout }));
  }
}

function obtain(handle: Handle, { wait }: RunOptions, relay: SignalRelay): Promise<Lease> {
  const signal = relay.interrupted;
  // A single attempt is bounded too: by the default wait, and each node by its timeout.
  return handle.acquire(wait === false ? { signal, retry: { count: 0 } } : { signal, wait });
}
