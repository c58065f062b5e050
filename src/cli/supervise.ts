import { randomUUID } from "node:crypto";
import type { ExpiryReason } from "../errors.js";
import type { ExpiredEvent, LockEvents } from "../lock/events.js";
import { named } from "../support/names.js";
import { within } from "./bounded.js";
import { type CommandEnd, codeOf, environmentOf, markName, startCommand } from "./command.js";
import { formatDuration } from "./duration.js";
import { CommandError, exitCode } from "./exit.js";
import { Guard, termLead } from "./guard.js";
import type { HoldLimit, SupervisedLease } from "./hold-limit.js";
import { Job } from "./job.js";
import { startOf } from "./processes.js";
import type { RunLog } from "./run-log.js";
import type { RunOptions } from "./run-options.js";
import type { SignalRelay } from "./signals.js";
import { WatchdogLink } from "./watchdog-link.js";

/** Time in ms within which the end of a killed command is reported. */
const reapTimeout = 3_000;

/** Tells of the renewals and the loss of one lease: a handle, or the locks of a process that has no other lock. */
interface LeaseEvents {
  on<Name extends "renewed" | "expired">(name: Name, listener: LockEvents[Name]): unknown;
  off<Name extends "renewed" | "expired">(name: Name, listener: LockEvents[Name]): unknown;
}

/** The input of a supervision: a lock that is held, and a command that is not started yet. */
export interface SupervisionInput {
  readonly events: LeaseEvents;
  readonly lease: SupervisedLease;
  readonly holdLimit: HoldLimit;
  readonly acquisition: string;
  readonly options: RunOptions;
  readonly runLog: RunLog;
  readonly relay: SignalRelay;
}

/** How a supervision ended. */
export interface SupervisionEnd {
  /** The exit code. */
  readonly code: number;
  /** The processes that could not be ended. */
  readonly survivors: readonly number[];
  /** Whether the command was ended because its lock was lost, or was about to be. */
  readonly lost: boolean;
}

/** Runs one command under one lease, and makes sure that the command has ended before the lease ends. */
export class Supervision {
  readonly #input: SupervisionInput;
  readonly #mark = randomUUID();
  readonly #job: Job;
  readonly #guard: Guard;
  readonly #watchdog: WatchdogLink;
  #started = false;
  /** Why the job is being ended; null if the command ended by itself and only its leftovers are being ended. */
  #endReason: CommandError | null | undefined;
  /** The processes that could not be ended; resolves when no further attempt is made. */
  readonly #survivors: Promise<readonly number[]>;

  constructor(input: SupervisionInput) {
    const { grace, foreground } = input.options;
    this.#input = input;
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
        input.runLog.write({ event: "signal", signal: "SIGKILL", why: "it has not ended in time" }),
      onEnded: settle,
    });
    this.#watchdog = new WatchdogLink((why) => this.#end(grace, new CommandError(exitCode.internal, why)));
  }

  /** Whether the command ran, if only for a moment. */
  get started(): boolean {
    return this.#started;
  }

  /** Runs the command. Resolves with the exit code when all its processes have ended, or cannot be ended. */
  async run(): Promise<SupervisionEnd> {
    const { events } = this.#input;
    const onRenewed = () => this.#extend();
    // The validity is over already, so there is no grace.
    const onExpired = ({ reason }: ExpiredEvent) => this.#end(0, this.#lost(whyLost[reason]));
    events.on("renewed", onRenewed);
    events.on("expired", onExpired);
    try {
      await this.#watchdog.start();
      return await this.#runCommand();
    } finally {
      events.off("renewed", onRenewed);
      events.off("expired", onExpired);
      this.#guard.stop();
      await this.#watchdog.finish();
    }
  }

  async #runCommand(): Promise<SupervisionEnd> {
    const { options, lease, acquisition, relay, runLog } = this.#input;
    const { grace, foreground, json, resources, owner, command } = options;
    const mark = `${markName}=${this.#mark}`;
    this.#watchdog.send({ kind: "starting", mark, ownGroup: !foreground, grace, json });
    this.#extend();
    relay.interrupted.throwIfAborted();
    if (this.#endReason) throw new CommandError(this.#endReason.exitCode, "the command was not started");
    const facts = { resources, acquisition, validUntil: lease.validUntil, owner };
    const { pid, end } = await startCommand(options, environmentOf(facts, this.#mark));
    this.#started = true;
    const start = startOf(pid);
    this.#watchdog.send({ kind: "started", pid, start: start ?? null });
    this.#job.leader = { pid, start };
    runLog.write({ event: "started", pid, command: command[0] });
    let running = true;
    relay.deliverTo((signal) => {
      this.#guard.check();
      if (!running) return;
      runLog.write({ event: "signal", signal, why: "passed on" });
      deliver(foreground ? pid : -pid, signal);
    });
    const ended = await Promise.race([end, this.#unkillable(end)]);
    running = false;
    if (ended !== null) runLog.write({ event: "exit", ...ended });
    return this.#conclude(ended);
  }

  async #conclude(ended: CommandEnd | null): Promise<SupervisionEnd> {
    // Checks the clock first: after a stall the watchdog may have ended the command, and another client may hold the
    // lock.
    this.#guard.check();
    if (!this.#guard.begun) this.#endLeftovers();
    const survivors = this.#guard.begun ? await this.#survivors : [];
    if (survivors.length > 0) {
      const which = survivors.join(", ");
      const message = `process ${which} could not be ended; the lock is left to expire`;
      this.#input.runLog.write({ event: "warning", message });
    }
    const { exitCode: code } = this.#endReason ?? {};
    if (code !== undefined) return { code, survivors, lost: code === exitCode.lost };
    return { code: ended === null ? exitCode.internal : codeOf(ended), survivors, lost: false };
  }

  /** Ends the processes left in the command's group: they must not go on without the lock. */
  #endLeftovers(): void {
    const { foreground, grace } = this.#input.options;
    if (foreground) return;
    this.#job.narrow();
    const left = this.#job.members();
    if (left.length === 0) return;
    const message = `ending what the command left running in its process group (${left.join(", ")})`;
    this.#input.runLog.write({ event: "warning", message });
    this.#end(grace, null);
  }

  /** Resolves with null if even SIGKILL did not end the command. */
  async #unkillable(end: Promise<CommandEnd>): Promise<CommandEnd | null> {
    await this.#survivors;
    return (await within(reapTimeout, end)) ?? null;
  }

  #extend(): void {
    if (this.#guard.begun) return;
    const deadline = this.#input.holdLimit.end;
    this.#watchdog.send({ kind: "deadline", ...deadline });
    this.#guard.extend(deadline);
  }

  #end(grace: number, why: CommandError | null): void {
    if (this.#endReason === undefined) this.#endReason = why;
    this.#guard.end(grace);
  }

  #onEnding(grace: number): void {
    const { options, runLog } = this.#input;
    if (this.#endReason === undefined)
      this.#endReason = new CommandError(exitCode.lost, this.#input.holdLimit.why);
    this.#watchdog.send({ kind: "ending", grace, groupOnly: this.#endReason === null });
    runLog.write({
      event: "signal",
      signal: "SIGTERM",
      why: this.#endReason?.message ?? "the command has ended",
    });
    if (this.#endReason === null) return;
    const how =
      grace > 0 ? `SIGTERM, SIGKILL after ${formatDuration(Math.min(grace, options.grace))}` : "SIGKILL";
    runLog.write({ event: "lost", message: `${this.#endReason.message}; ending the command (${how})` });
  }

  #lost(how: string): CommandError {
    return new CommandError(
      exitCode.lost,
      `lost the lock of ${named(this.#input.options.resources)}: ${how}`,
    );
  }
}

const whyLost: Record<ExpiryReason, string> = {
  deadline: "its validity ran out before a renewal succeeded",
  taken: "somebody else holds it on a majority of the nodes",
  missing: "it vanished from a majority of the nodes",
  maxHold: "it was held for its longest",
  dropped: "it was given up",
  stalled: "its holder was blocked for too long",
};

function deliver(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has ended; its exit event is about to follow.
  }
}
