/**
 * A moment on both clocks, in ms. The monotonic clock (`process.hrtime`) counts from the machine's start, not the
 * process's, so that a deadline means the same in the watchdog.
 */
export interface Deadline {
  readonly monotonic: number;
  readonly epoch: number;
}

/** The clocks that a deadline is compared with. */
export interface TwoClocks {
  monotonic(): number;
  wall(): number;
}

export const systemClocks: TwoClocks = {
  monotonic: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  wall: Date.now,
};

export const deadlineIn = (ms: number, clocks: TwoClocks = systemClocks): Deadline => ({
  monotonic: clocks.monotonic() + ms,
  epoch: clocks.wall() + ms,
});

/**
 * Time left in ms, by the clock that leaves less: the monotonic clock stops while the machine is suspended, and the
 * wall clock may step back.
 */
export const timeLeft = (deadline: Deadline, clocks: TwoClocks = systemClocks): number =>
  Math.min(deadline.monotonic - clocks.monotonic(), deadline.epoch - clocks.wall());

export const earlier = (a: Deadline, b: Deadline | undefined): Deadline =>
  b === undefined ? a : { monotonic: Math.min(a.monotonic, b.monotonic), epoch: Math.min(a.epoch, b.epoch) };
