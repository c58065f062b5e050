import { sharedContext } from "../../support/async-context.js";
import { LinkedList, ListNode } from "../../support/linked-list.js";
import { afterNextPoll, afterTicks, clearNodeTimeout } from "../../support/platform.js";
import type { Clock, Timer } from "./clock.js";
import { SystemTime } from "./system-time.js";

/** Node's maximum timer delay in ms; a longer timer would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

class SystemTimer extends ListNode implements Timer {
  private handle!: ReturnType<typeof setTimeout>;
  private clear!: typeof clearTimeout;
  /** How often the timer was set. Only the last setting counts. */
  private settings = 0;

  constructor(
    private readonly armed: LinkedList<SystemTimer>,
    /** By the monotonic clock. */
    private readonly due: number,
    private readonly callback: () => void,
    private readonly background: boolean,
  ) {
    super();
  }

  /** Sets the timer. A timer beyond the maximum is set again until its delay is over. */
  arm(left: number): void {
    const setting = ++this.settings;
    let isSet = false;
    const run = () => {
      if (this.settings === setting) this.fire(left);
    };
    // A test may have put in a setTimeout that calls back at once. Nobody expects that call before `after` has returned.
    const fire = () => (isSet ? run() : afterTicks(run));
    const delay = Math.ceil(Math.min(Math.max(left, 0), maxTimerMs));
    // A timer serves whoever waits then, and must not keep alive what the present caller's context refers to.
    const handle = sharedContext.runInAsyncScope(setTimeout, undefined, fire, delay);
    // A browser's timer, also that of jsdom, is a number.
    if (this.background && typeof handle === "object") handle.unref?.();
    this.handle = handle;
    isSet = true;
    this.clear = clearTimeout;
  }

  cancel(): void {
    if (this.list === null) return;
    this.armed.remove(this);
    this.clear.call(globalThis, this.handle);
  }

  /**
   * Replaces a timer that was set with other functions. Their `clearTimeout` may no longer work, so a timer of Node.js is
   * cleared by that of Node.js, and any other is ignored if it fires.
   */
  rearm(now: number): void {
    clearNodeTimeout(this.handle);
    this.arm(this.due - now);
  }

  private fire(left: number): void {
    if (left > maxTimerMs) return this.arm(left - maxTimerMs);
    if (this.list === null) return;
    this.armed.remove(this);
    this.callback();
  }
}

/** The clock of the process. Follows fake timers: see {@link SystemTime}. */
export class SystemClock implements Clock {
  /** The timers that are set. They are set again when the functions of time are replaced. */
  private readonly armed = new LinkedList<SystemTimer>();
  /** Created when first read: the global `performance` takes long to load. */
  private created: SystemTime | null = null;

  private get time(): SystemTime {
    this.created ??= new SystemTime(() => {
      for (const timer of this.armed.toArray()) timer.rearm(this.time.monotonic());
    });
    return this.created;
  }

  monotonic(): number {
    return this.time.monotonic();
  }

  wall(): number {
    return Date.now();
  }

  after(delay: number, callback: () => void, background = false): Timer {
    this.time.check();
    const wait = Math.max(delay, 0);
    const timer = new SystemTimer(this.armed, this.time.monotonic() + wait, callback, background);
    this.armed.add(timer);
    timer.arm(wait);
    return timer;
  }

  /**
   * Timers run before the event loop polls, and immediates run after that. Two immediates are needed: a client may write
   * a request in an immediate of its own, and the reply can then be read only in the next iteration.
   */
  readonly afterPoll = afterNextPoll;
}

export const systemClock: Clock = new SystemClock();
