import { randomUUID } from "node:crypto";
import type { Handle, Lease } from "../api/types.js";
import type { ExpiryReason } from "../errors.js";
import { named } from "../support/names.js";
import { within } from "./bounded.js";
import { type CommandEnd, codeOf, environmentOf, markName, startCommand } from "./command.js";
import { formatDuration } from "./duration.js";
import { CommandError, exitCode } from "./exit.js";
import { Guard, termLead } from "./guard.js";
import { Job } from "./job.js";
import { startOf } from "./processes.js";
import type { RunLog } from "./run-log.js";
import type { RunOptions } from "./run-options.js";
import type { SignalRelay } from "./signals.js";
import { Term } from "./term.js";
import { WatchdogLink } from "./watchdog-link.js";

/** ms between the end of a killed command and word of it. */
const reapTime = 3_000;

/** What a supervision is given: a lock that is held, and a command that is not started. */
export interface Holding {
  readonly handle: Handle;
  readonly lease: Lease;
  readonly acquisition: string;
  readonly options: RunOptions;
  readonly runLog: RunLog;
  readonly relay: SignalRelay;
}

/** One command under one lease: whatever happens, the command is over before the lease is. */
export class Supervision {
  readonly #holding: Holding;
  readonly #mark = randomUUID();
  readonly #job: Job;
  readonly #guard: Guard;
  readonly #watchdog: WatchdogLink;
  readonly #term: Term;
  /** Why the job is being ended; null if it ended by itself, and only what it left behind is ended. */
  #why: CommandError | null | undefined;
  /** What could not be ended, as soon as nothing more is tried. */
  readonly #survivors: Promise<readonly number[]>;

  constructor(holding: Holding) {
    const { grace, foreground, maxHold } = holding.options;
    this.#holding = holding;
    this.#term = new Term(holding.lease, maxHold);
    this.#job = new Job({ mark: `${markName}=${this.#mark}`, ownGroup: !foreground, leader: undefined });
    let settle: (survivors: readonly number[]) => void = () => undefined;
    this.#survivors = new Promise((resolve) => {
      settle = resolve;
    });
    this.#guard = new Guard(this.#job, {
      grace,
      lead: termLead,
      onEnding: (left) => this.#onEnding(left),
      onKilling: () =>
        holding.runLog.tell({ event: "signal", signal: "SIGKILL", why: "it has not ended in time" }),
      onEnded: settle,
    });
    this.#watchdog = new WatchdogLink((why) => this.#end(grace, new CommandError(exitCode.internal, why)));
  }

  /** Runs the command. Resolves with what to exit with, once nothing of it is left. */
  async run(): Promise<{ code: number; survivors: readonly number[] }> {
    const { handle } = this.#holding;
    handle.on("renewed", () => this.#extend());
    // The validity is over already, so there is no grace.
    handle.on("expired", ({ reason }) => this.#end(0, this.#lost(whyLost[reason])));
    try {
      await this.#watchdog.start();
      return await this.#runCommand();
    } finally {
      this.#guard.stop();
      await this.#watchdog.finish();
    }
  }

  async #runCommand(): Promise<{ code: number; survivors: readonly number[] }> {
    const { options, lease, acquisition, relay, runLog } = this.#holding;
    const { grace, foreground, json, resources, owner, command } = options;
    const mark = `${markName}=${this.#mark}`;
    this.#watchdog.tell({ tell: "starting", mark, ownGroup: !foreground, grace, json });
    this.#extend();
    relay.interrupted.throwIfAborted();
    if (this.#why) throw new CommandError(this.#why.exitCode, "the command was not started");
    const facts = { resources, acquisition, validUntil: lease.validUntil, owner };
    const { pid, end } = await startCommand(options, environmentOf(facts, this.#mark));
    const start = startOf(pid);
    this.#watchdog.tell({ tell: "started", pid, start: start ?? null });
    this.#job.leader = { pid, start };
    runLog.tell({ event: "started", pid, command: command[0] });
    let running = true;
    relay.deliverTo((signal) => {
      this.#guard.check();
      if (!running) return;
      runLog.tell({ event: "signal", signal, why: "passed on" });
      deliver(foreground ? pid : -pid, signal);
    });
    const ended = await Promise.race([end, this.#unkillable(end)]);
    running = false;
    if (ended !== null) runLog.tell({ event: "exit", ...ended });
    return this.#conclude(ended);
  }

  async #conclude(ended: CommandEnd | null): Promise<{ code: number; survivors: readonly number[] }> {
    // The clock first: after a stall the command may have been ended by the watchdog, and the lock be another's.
    this.#guard.check();
    if (!this.#guard.begun) this.#endLeftovers();
    const survivors = this.#guard.begun ? await this.#survivors : [];
    if (survivors.length > 0) {
      const which = survivors.join(", ");
      const message = `process ${which} could not be ended; the lock is left to expire`;
      this.#holding.runLog.tell({ event: "warning", message });
    }
    if (this.#why) return { code: this.#why.exitCode, survivors };
    return { code: ended === null ? exitCode.internal : codeOf(ended), survivors };
  }

  /** The lock covers all that the command started: what is still in its group must not go on without it. */
  #endLeftovers(): void {
    const { foreground, grace } = this.#holding.options;
    if (foreground) return;
    this.#job.narrow();
    const left = this.#job.members();
    if (left.length === 0) return;
    const message = `ending what the command left running in its process group (${left.join(", ")})`;
    this.#holding.runLog.tell({ event: "warning", message });
    this.#end(grace, null);
  }

  /** Null if even SIGKILL did not end the command. */
  async #unkillable(end: Promise<CommandEnd>): Promise<CommandEnd | null> {
    await this.#survivors;
    return (await within(reapTime, end)) ?? null;
  }

  #extend(): void {
    if (this.#guard.begun) return;
    const deadline = this.#term.end;
    this.#watchdog.tell({ tell: "deadline", ...deadline });
    this.#guard.extend(deadline);
  }

  #end(grace: number, why: CommandError | null): void {
    if (this.#why === undefined) this.#why = why;
    this.#guard.end(grace);
  }

  #onEnding(grace: number): void {
    const { options, runLog } = this.#holding;
    if (this.#why === undefined) this.#why = new CommandError(exitCode.lost, this.#term.why);
    this.#watchdog.tell({ tell: "ending", grace, groupOnly: this.#why === null });
    runLog.tell({ event: "signal", signal: "SIGTERM", why: this.#why?.message ?? "the command has ended" });
    if (this.#why === null) return;
    const how =
      grace > 0 ? `SIGTERM, SIGKILL after ${formatDuration(Math.min(grace, options.grace))}` : "SIGKILL";
    runLog.tell({ event: "lost", message: `${this.#why.message}; ending the command (${how})` });
  }

  #lost(how: string): CommandError {
    return new CommandError(
      exitCode.lost,
      `lost the lock of ${named(this.#holding.options.resources)}: ${how}`,
    );
  }
}

const whyLost: Record<ExpiryReason, string> = {
  deadline: "its validity ran out before a renewal succeeded",
  taken: "somebody else holds it on a majority of the nodes",
  missing: "it vanished from a majority of the nodes",
  maxHold: "it was held for its longest",
  dropped: "it was given up",
};

function deliver(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended, and word of it is on its way.
  }
}
