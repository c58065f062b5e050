/**
 * Minimum and maximum time in ms for which a worker holds the lock, and then pauses. The lock is held for longer than
 * half the ttl, so that it is renewed.
 */
export interface Pace {
  readonly ttl: number;
  readonly hold: readonly [number, number];
  readonly rest: readonly [number, number];
}

/** For who looks at the result; and for who reads along. */
export const brisk: Pace = { ttl: 1_000, hold: [700, 1_400], rest: [50, 250] };
export const calm: Pace = { ttl: 3_000, hold: [2_500, 4_000], rest: [200, 600] };

const between = ([min, max]: readonly [number, number]) => min + Math.random() * (max - min);

/** The timing of the workers. The workers can be asked to keep what they hold until they may release it. */
export class WorkLoop {
  readonly #end = new AbortController();
  #pause: AbortController | undefined;

  constructor(private readonly pace: Pace) {}

  /** Aborted when the demo ends. */
  get end(): AbortSignal {
    return this.#end.signal;
  }

  get over(): boolean {
    return this.end.aborted;
  }

  finish(): void {
    this.#end.abort(new Error("the demo is over"));
    this.allowRelease();
  }

  /** Keeps all workers from releasing until `allowRelease`. */
  keepHolding(): void {
    this.#pause ??= new AbortController();
  }

  allowRelease(): void {
    this.#pause?.abort();
    this.#pause = undefined;
  }

  /** Simulates work for a while, until `stop` aborts or the demo ends. */
  async work(stop: AbortSignal): Promise<void> {
    await sleep(between(this.pace.hold), stop, this.end);
    const pause = this.#pause;
    if (pause === undefined || stop.aborted) return;
    // Bounded: `finish` ends the pause.
    await sleep(2 ** 31 - 1, stop, pause.signal);
  }

  rest(): Promise<void> {
    return sleep(between(this.pace.rest), this.end);
  }
}

/** Sleeps for `ms`; each of the signals ends the sleep early. */
function sleep(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener("abort", done);
    if (signals.some((signal) => signal.aborted)) done();
  });
}
