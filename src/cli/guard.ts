import { type Deadline, deadlineIn, earlier, systemClocks, type TwoClocks, timeLeft } from "./deadline.js";

/** ms before the lock is over at which SIGKILL is sent: what a busy machine may be late by. */
export const killMargin = 250;
/** ms by which `holdfast` asks the job to end before the watchdog would, so that it is asked once. */
export const termLead = 100;
/** ms between two looks at the clocks: timers do not run while the machine is suspended. */
const tick = 200;
/** ms between two looks at a job that is being ended. */
const endingTick = 25;
/** ms after which a job that survives SIGKILL (in the kernel, or another user's) is given up. */
const hopeless = 3_000;

/** What a guard ends. */
export interface Endable {
  signal(signal: NodeJS.Signals): void;
  members(): readonly number[];
}

export interface GuardOptions {
  readonly grace: number;
  /** ms by which SIGTERM comes earlier still. */
  readonly lead: number;
  /** Called once, just before SIGTERM is sent; SIGKILL follows in `grace` ms at the latest. */
  readonly onEnding?: (grace: number) => void;
  readonly onKilling?: () => void;
  /** Called once nothing is left of the job; `survivors` could not be ended. */
  readonly onEnded: (survivors: readonly number[]) => void;
  readonly clocks?: TwoClocks;
}

/**
 * Ends a job before its lock is over: SIGTERM so early that after the grace SIGKILL still comes `killMargin`
 * before the deadline. Once begun it is never called off: what was asked to end is not told to go on.
 */
export class Guard {
  #deadline: Deadline | undefined;
  #state: "watching" | "ending" | "killing" | "over" = "watching";
  #killAt: Deadline | undefined;
  #hopelessAt: Deadline | undefined;
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

  /** The lock now lasts until then. Without effect once the job is being ended. */
  extend(deadline: Deadline): void {
    if (this.#state !== "watching") return;
    this.#deadline = deadline;
    this.check();
  }

  /**
   * Ends the job now; SIGKILL after `grace` ms, or before the deadline if that is sooner. A second call can only
   * bring it forward. `asked`: it has had its SIGTERM already.
   */
  end(grace: number, asked = false): void {
    if (this.#state === "killing" || this.#state === "over") return;
    const first = this.#state === "watching";
    this.#state = "ending";
    this.#killAt = earlier(deadlineIn(grace, this.#clocks), this.#killAt);
    if (first) this.options.onEnding?.(grace);
    if (first && !asked) {
      this.job.signal("SIGTERM");
      // A stopped process would not hear of it before SIGKILL.
      this.job.signal("SIGCONT");
    }
    this.check();
  }

  /** Looks at the clocks and does what is due. Called by its own timer; and by whoever may have slept. */
  check(): void {
    clearTimeout(this.#timer);
    if (this.#state === "watching") this.#watch();
    else if (this.#state === "ending") this.#seeEnding();
    else if (this.#state === "killing") this.#seeKilled();
  }

  /** The job ended by itself. */
  stop(): void {
    this.#state = "over";
    clearTimeout(this.#timer);
  }

  #watch(): void {
    if (this.#deadline === undefined) return;
    const { grace, lead } = this.options;
    const due = timeLeft(this.#deadline, this.#clocks) - killMargin - grace - lead;
    if (due <= 0) this.end(grace);
    else this.#again(Math.min(due, tick));
  }

  #seeEnding(): void {
    const killAt = this.#killAt;
    if (killAt === undefined) return;
    const last = this.#deadline === undefined ? killAt : earlier(killAt, before(this.#deadline, killMargin));
    const due = timeLeft(last, this.#clocks);
    if (due > 0 && this.job.members().length > 0) return this.#again(Math.min(due, endingTick));
    if (due > 0) return this.#over([]);
    this.#state = "killing";
    this.#hopelessAt = deadlineIn(hopeless, this.#clocks);
    this.options.onKilling?.();
    this.#seeKilled();
  }

  /** Again until nobody is left: a process may fork between being found and being killed. */
  #seeKilled(): void {
    this.job.signal("SIGKILL");
    const survivors = this.job.members();
    if (survivors.length === 0) return this.#over([]);
    if (this.#hopelessAt !== undefined && timeLeft(this.#hopelessAt, this.#clocks) <= 0)
      return this.#over(survivors);
    this.#again(endingTick);
  }

  #over(survivors: readonly number[]): void {
    this.#state = "over";
    this.options.onEnded(survivors);
  }

  #again(delay: number): void {
    this.#timer = setTimeout(() => this.check(), Math.ceil(delay));
  }
}

const before = (deadline: Deadline, ms: number): Deadline => ({
  monotonic: deadline.monotonic - ms,
  epoch: deadline.epoch - ms,
});
