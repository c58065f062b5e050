import { setTimeout as sleep } from "node:timers/promises";
import type { Locks } from "../api/types.js";
import type { Term } from "../election/types.js";
import { onAbort } from "../support/abort.js";
import { named } from "../support/names.js";
import { within } from "./bounded.js";
import { formatDuration } from "./duration.js";
import { CommandError, exitCode } from "./exit.js";
import { explain } from "./failure.js";
import { HoldLimit } from "./hold-limit.js";
import { RestartPause } from "./restart-pause.js";
import { closeTimeout, createRunLocks } from "./run-locks.js";
import type { RunLog } from "./run-log.js";
import type { RunOptions } from "./run-options.js";
import type { SignalRelay } from "./signals.js";
import { Supervision, type SupervisionEnd } from "./supervise.js";

/**
 * `holdfast run --elect`: campaigns, runs the command while this process leads, and campaigns again after a loss. Resolves with
 * the exit code once the command has ended by itself.
 */
export async function runElected(options: RunOptions, runLog: RunLog, relay: SignalRelay): Promise<number> {
  const locks = createRunLocks(options);
  runLog.follow(locks);
  let releasable = true;
  try {
    const { code, survivors } = await new ElectedRun(locks, options, runLog, relay).run();
    releasable = survivors.length === 0;
    return code;
  } finally {
    // Closing would release the lock as well.
    if (releasable) await within(closeTimeout, locks.close({ timeout: closeTimeout }));
  }
}

class ElectedRun {
  /** The acquisition of the current term. */
  #acquisition = "";

  constructor(
    private readonly locks: Locks,
    private readonly options: RunOptions,
    private readonly runLog: RunLog,
    private readonly relay: SignalRelay,
  ) {
    locks.on("acquired", ({ acquisition }) => {
      this.#acquisition = acquisition;
    });
  }

  run(): Promise<SupervisionEnd> {
    const { locks, options, runLog, relay } = this;
    return new Promise((resolve, reject) => {
      relay.interrupted.throwIfAborted();
      onAbort(relay.interrupted, reject);
      const onElected = async (term: Term) => {
        try {
          const end = await this.#lead(term);
          if (end === null) term.resign();
          else resolve(end);
        } catch (error) {
          reject(error);
        }
      };
      const election = locks.election(options.resources[0] ?? "", { onElected });
      runLog.followElection(election);
      election.on("failed", ({ error }) => {
        // Such an error does not end by itself.
        if (explain(error).exitCode === exitCode.usage) reject(error);
      });
    });
  }

  /** Runs the command in one term. Resolves with null when the term is over, or is about to be, and with the end otherwise. */
  async #lead(term: Term): Promise<SupervisionEnd | null> {
    const pause = new RestartPause();
    for (;;) {
      const started = performance.now();
      const end = await this.#supervise(term);
      if (end === null) return null;
      if (end.survivors.length > 0 || this.relay.asked) return end;
      if (end.lost) return null;
      if (!this.options.restart) return end;
      const delay = pause.after(performance.now() - started);
      const message = `the command ended with exit code ${end.code}; it is started again in ${formatDuration(delay)}`;
      this.runLog.write({ event: "warning", message });
      // A signal that asks for the end closes the election, and thereby ends the term.
      await sleep(delay, undefined, { signal: term.signal }).catch(() => undefined);
      if (term.signal.aborted) return null;
    }
  }

  /** Runs the command once. Resolves with null if the lock was lost before the command was started. */
  async #supervise(term: Term): Promise<SupervisionEnd | null> {
    const { locks, options, runLog, relay } = this;
    const lease = {
      resources: options.resources,
      remaining: () => term.remaining(),
      get validUntil() {
        return term.validUntil;
      },
    };
    const holdLimit = new HoldLimit(lease);
    const acquisition = this.#acquisition;
    try {
      const input = { events: locks, lease, holdLimit, acquisition, options, runLog, relay };
      return await new Supervision(input).run();
    } catch (error) {
      if (!(error instanceof CommandError && error.exitCode === exitCode.lost)) throw error;
      runLog.write({ event: "warning", message: `lost the leadership of ${named(options.resources)}` });
      return null;
    } finally {
      relay.deliverTo(undefined);
    }
  }
}
