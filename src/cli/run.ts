import type { Handle, Lease } from "../api/types.js";
import { createLocks } from "../create-locks.js";
import { within } from "./bounded.js";
import { CommandError, exitCode } from "./exit.js";
import { explain } from "./failure.js";
import { output } from "./output.js";
import { jsonJournal, type RunLog, textJournal } from "./run-log.js";
import type { RunOptions } from "./run-options.js";
import { SignalRelay } from "./signals.js";
import { Supervision } from "./supervise.js";

/** ms that releasing, and then closing, may take: the command is over, and somebody waits for its exit code. */
const partingTime = 2_000;

/** `holdfast run`: the lock, the command under it, the release. Resolves with what to exit with. */
export async function run(options: RunOptions): Promise<number> {
  if (process.platform === "win32") {
    throw new CommandError(exitCode.internal, "run needs process groups and signals, which Windows has not");
  }
  const runLog = options.json ? jsonJournal : textJournal;
  const relay = new SignalRelay(options.foreground, () =>
    runLog.tell({ event: "warning", message: "not suspended: a lock that is not renewed would be lost" }),
  );
  try {
    return await runLocked(options, runLog, relay);
  } catch (error) {
    const { exitCode: code, message } = explain(error, options.conflictExitCode);
    if (message !== null) runLog.tell({ event: "error", exitCode: code, message });
    output.trace(error);
    return code;
  }
}

async function runLocked(options: RunOptions, runLog: RunLog, relay: SignalRelay): Promise<number> {
  const { nodes, prefix, owner, ttl, nodeTimeout, quarantine, publish, resources } = options;
  const locks = createLocks({
    nodes,
    prefix,
    owner,
    ttl,
    quarantine,
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
    try {
      const holding = { handle, lease, acquisition, options, runLog, relay };
      const { code, survivors } = await new Supervision(holding).run();
      releasable = survivors.length === 0;
      return code;
    } finally {
      if (releasable) await within(partingTime, lease.release());
    }
  } finally {
    // Closing would release as well.
    if (releasable) await within(partingTime, locks.close({ timeout: partingTime }));
  }
}

function obtain(handle: Handle, { wait }: RunOptions, relay: SignalRelay): Promise<Lease> {
  const signal = relay.interrupted;
  // One attempt still has to be bounded, by the default wait; each node by its timeout.
  return handle.acquire(wait === false ? { signal, retry: { count: 0 } } : { signal, wait });
}
