import { afterNextPoll } from "../../support/platform.js";

/** A pending call; cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. Injected everywhere, so that tests and the simulator own it. */
export interface Clock {
  /** ms since some fixed point; never steps, but may stand still while the machine is suspended. */
  monotonic(): number;
  /** Epoch ms; may step. */
  wall(): number;
  /**
   * Calls back after `delay` ms (any length), never synchronously. `background`: does not keep the process alive.
   */
  after(delay: number, callback: () => void, background?: boolean): Timer;
  /**
   * Calls back after the event loop has read what lies in the sockets, never synchronously. A timer that fires late says
   * nothing about replies that arrived meanwhile: whoever is about to count a silence looks at the network first. May be
   * missing: then it is the next timer.
   */
  afterPoll?(callback: () => void): void;
}

/** See {@link Clock.afterPoll}. */
export function afterPoll(clock: Clock, callback: () => void): void {
  if (clock.afterPoll !== undefined) clock.afterPoll(callback);
  else clock.after(0, callback);
}

/** A moment on both clocks. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

export const now = (clock: Clock): Instant => ({ monotonic: clock.monotonic(), wall: clock.wall() });

/** ms since `start`: the larger of the two clocks' opinions, because either may have stood still or stepped back. */
export const elapsed = (clock: Clock, start: Instant): number =>
  Math.max(clock.monotonic() - start.monotonic, clock.wall() - start.wall, 0);

/**
 * Calls back after `delay` ms without an answer, having looked at the network once more: after a stall of the event loop the
 * answer may lie in the socket while the timer is long due.
 */
export function answerTimeout(
  clock: Clock,
  delay: number,
  callback: () => void,
  background?: boolean,
): Timer {
  let cancelled = false;
  const timer = clock.after(delay, () => afterPoll(clock, () => cancelled || callback()), background);
  return {
    cancel() {
      cancelled = true;
      timer.cancel();
    },
  };
}

/** Node's longest timer; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(delay, callback, background = false) {
    let handle: NodeJS.Timeout;
    const arm = (left: number) => {
      handle = setTimeout(
        () => (left > longestTimer ? arm(left - longestTimer) : callback()),
        Math.min(Math.ceil(left), longestTimer),
      );
      if (background) handle.unref();
    };
    arm(Math.max(delay, 0));
    return { cancel: () => clearTimeout(handle) };
  },
  // Timers run before the event loop polls, immediates after that. Two of them: a client may write a request from an
  // immediate of its own, and the reply can then be read in the next turn only.
  afterPoll: afterNextPoll,
};
