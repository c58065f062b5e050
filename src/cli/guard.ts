import { type Deadline, deadlineIn, earlier, systemClocks, type TwoClocks, timeLeft } from "./deadline.js";

/** Time in ms before the lock's deadline at which SIGKILL is sent: a margin for delays on a busy machine. */
export const killMargin = 250;
/** Time in ms by which `holdfast` sends SIGTERM before the watchdog would, so that the job gets only one. */
export const termLead = 100;
/** Interval in ms at which the clocks are checked: timers do not run while the machine is suspended. */
const tick = 200;
/** Interval in ms at which a job that is being ended is checked. */
const endingTick = 25;
/** Time in ms after which a job that survives SIGKILL (in the kernel, or another user's) is given up. */
const killTimeout = 3_000;

/** A job that a guard can end. */
export interface Endable {
  signal(signal: NodeJS.Signals): void;
  members(): readonly number[];
}

export interface GuardOptions {
  readonly grace: number;
  /** Additional time in ms by which SIGTERM is sent earlier. */
  readonly lead: number;
  /** Called once, just before SIGTERM is sent; SIGKILL follows within `grace` ms. */
  readonly onEnding?: (grace: number) => void;
  readonly onKilling?: () => void;
  /** Called when nothing is left of the job; `survivors` could not be ended. */
  readonly onEnded: (survivors: readonly number[]) => void;
  readonly clocks?: TwoClocks;
}

/**
 * Ends a job before its lock expires: SIGTERM comes early enough that, after the grace, SIGKILL still comes
 * `killMargin` before the deadline. Ending cannot be called off, because a job that was asked to end cannot be asked
 * to go on.
 */
export class Guard {
  #deadline: Deadline | undefined;
  #state: "watching" | "ending" | "killing" | "over" = "watching";
  #killAt: Deadline | undefined;
  #giveUpAt: Deadline | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #clocks: TwoClocks;

  constructor(
    readonly job: Endable,
    readonly options: GuardOptions,
  ) {
    this.#clocks = options.clocks ?? systemClocks;
  }

  get begun(): boolean {
    return this.#state !== "watching";
  }

  /** Sets the lock's new deadline. Has no effect once the job is being ended. */
  extend(deadline: Deadline): void {
    if (this.#state !== "watching") return;
    this.#deadline = deadline;
    this.check();
  }

  /**
   * Ends the job now: SIGKILL follows after `grace` ms, or `killMargin` before the deadline if that is sooner. A
   * second call can only bring SIGKILL forward. `termSent`: the job has received its SIGTERM already.
   */
  end(grace: number, termSent = false): void {
    if (this.#state === "killing" || this.#state === "over") return;
    const first = this.#state === "watching";
    this.#state = "ending";
    this.#killAt = earlier(deadlineIn(grace, this.#clocks), this.#killAt);
    if (first) this.options.onEnding?.(grace);
    if (first && !termSent) {
      this.job.signal("SIGTERM");
      // A stopped process would not handle SIGTERM before SIGKILL.
      this.job.signal("SIGCONT");
    }
    this.check();
  }

  /**
   * Checks the clocks and does what is due. Called by the guard's own timer, and by callers that may have been
   * suspended.
   */
  check(): void {
    clearTimeout(this.#timer);
    if (this.#state === "watching") this.#checkDeadline();
    else if (this.#state === "ending") this.#checkEnding();
    else if (this.#state === "killing") this.#checkKilled();
  }

  /** Stops guarding, because the job ended by itself. */
  stop(): void {
    this.#state = "over";
    clearTimeout(this.#timer);
  }

  #checkDeadline(): void {
    if (this.#deadline === undefined) return;
    const { grace, lead } = this.options;
    const due = timeLeft(this.#deadline, this.#clocks) - killMargin - grace - lead;
    if (due <= 0) this.end(grace);
    else this.#schedule(Math.min(due, tick));
  }

  #checkEnding(): void {
    const killAt = this.#killAt;
    if (killAt === undefined) return;
    const last = this.#deadline === undefined ? killAt : earlier(killAt, before(this.#deadline, killMargin));
    const due = timeLeft(last, this.#clocks);
    if (due > 0 && this.job.members().length > 0) return this.#schedule(Math.min(due, endingTick));
    if (due > 0) return this.#finish([]);
    this.#state = "killing";
    this.#giveUpAt = deadlineIn(killTimeout, this.#clocks);
    this.options.onKilling?.();
    this.#checkKilled();
  }

  /** Repeats until no process is left: a process may fork between being found and being killed. */
  #checkKilled(): void {
    this.job.signal("SIGKILL");
    const survivors = this.job.members();
    if (survivors.length === 0) return this.#finish([]);
    if (this.#giveUpAt !== undefined && timeLeft(this.#giveUpAt, this.#clocks) <= 0)
      return this.#finish(survivors);
    this.#schedule(endingTick);
  }

  #finish(survivors: readonly number[]): void {
    this.#state = "over";
    this.options.onEnded(survivors);
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => this.check(), Math.ceil(delay));
  }
}

const before = (deadline: Deadline, ms: number): Deadline => ({
  monotonic: deadline.monotonic - ms,
  epoch: deadline.epoch - ms,
});
