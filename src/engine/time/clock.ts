/** A pending call; cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. The clock is injected everywhere, so that tests and the simulator control it. */
export interface Clock {
  /** ms since a fixed point; never steps, but may stop while the machine is suspended. */
  monotonic(): number;
  /** Epoch ms; may step. */
  wall(): number;
  /**
   * Calls back after `delay` ms (any length), never synchronously. `background`: the timer does not keep the process
   * alive.
   */
  after(delay: number, callback: () => void, background?: boolean): Timer;
  /**
   * Calls back after the event loop has read the data that is waiting in the sockets, never synchronously. A timer that
   * fires late says nothing about replies that arrived in the meantime, so the network is read before a node counts as
   * silent. Optional: the default is the next timer.
   */
  afterPoll?(callback: () => void): void;
}

/** See {@link Clock.afterPoll}. */
export function afterPoll(clock: Clock, callback: () => void): void {
  if (clock.afterPoll !== undefined) clock.afterPoll(callback);
  else clock.after(0, callback);
}

/** A point in time on both clocks. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

export const now = (clock: Clock): Instant => ({ monotonic: clock.monotonic(), wall: clock.wall() });

/** ms since `start`: the larger result of the two clocks, because either may have stopped or stepped back. */
export const elapsed = (clock: Clock, start: Instant): number =>
  Math.max(clock.monotonic() - start.monotonic, clock.wall() - start.wall, 0);

/**
 * Calls back after `delay` ms without an answer, after reading the network once more: after a stall of the event loop,
 * the answer may be in the socket although the timer is overdue.
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
