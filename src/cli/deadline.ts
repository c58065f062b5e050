/**
 * A moment on both clocks, in ms. The monotonic one counts from the machine's start, not the process's
 * (`process.hrtime`), so that it means the same in the watchdog.
 */
export interface Deadline {
  readonly monotonic: number;
  readonly epoch: number;
}

/** The clocks a deadline is compared with. */
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

/** ms left by the worse of the two: one stands still while the machine is suspended, the other may step back. */
export const timeLeft = (deadline: Deadline, clocks: TwoClocks = systemClocks): number =>
  Math.min(deadline.monotonic - clocks.monotonic(), deadline.epoch - clocks.wall());

export const earlier = (a: Deadline, b: Deadline | undefined): Deadline =>
  b === undefined ? a : { monotonic: Math.min(a.monotonic, b.monotonic), epoch: Math.min(a.epoch, b.epoch) };
