import { LockLease } from "../api/lock-lease.js";
import type { Handle, Lease } from "../api/types.js";
import { within } from "./bounded.js";
import { CommandError, exitCode } from "./exit.js";
import { explain } from "./failure.js";
import { createChosenLocks } from "./groups.js";
import { output } from "./output.js";
import { jsonRunLog, type RunLog, textRunLog } from "./run-log.js";
import type { RunOptions } from "./run-options.js";
import { SignalRelay } from "./signals.js";
import { Supervision } from "./supervise.js";

/**
 * Time in ms that the release, and then closing, may take: the command has ended, and the caller waits for the exit
 * code.
 */
const closeTimeout = 2_000;

/** `holdfast run`: acquires the lock, runs the command, releases the lock. Resolves with the exit code. */
export async function run(options: RunOptions): Promise<number> {
  if (process.platform === "win32") {
    throw new CommandError(exitCode.internal, "run needs process groups and signals, which Windows has not");
  }
  const runLog = options.json ? jsonRunLog : textRunLog;
  const relay = new SignalRelay(options.foreground, () =>
    runLog.write({ event: "warning", message: "not suspended: a lock that is not renewed would be lost" }),
  );
  try {
    return await runLocked(options, runLog, relay);
  } catch (error) {
    const { exitCode: code, message } = explain(error, options.conflictExitCode);
    if (message !== null) runLog.write({ event: "error", exitCode: code, message });
    output.trace(error);
    return code;
  }
}

async function runLocked(options: RunOptions, runLog: RunLog, relay: SignalRelay): Promise<number> {
  const { prefix, owner, ttl, atLeast, nodeTimeout, quarantine, otherSets, publish, resources } = options;
  const locks = createChosenLocks(options, {
    prefix,
    owner,
    ttl,
    holdAtLeast: atLeast,
    quarantine,
    otherSets,
    publish,
    ...(nodeTimeout === undefined ? {} : { nodeTimeout }),
  });
  runLog.follow(locks);
  let releasable = true;
  try {
    const handle = locks.handle(resources);
    let acquisition = "";
    handle.on("acquired", (event) => {
      acquisition = event.acquisition;
    });
    const lease = await obtain(handle, options, relay);
    const supervision = new Supervision({ handle, lease, acquisition, options, runLog, relay });
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
