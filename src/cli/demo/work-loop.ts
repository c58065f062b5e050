/** ms that a worker keeps the lock, and then rests: from, to. Longer than half the ttl, so that it is renewed. */
const keeping = [700, 1_400] as const;
const resting = [50, 250] as const;

const between = ([least, most]: readonly [number, number]) => least + Math.random() * (most - least);

/** How long the workers work; they can be asked to keep what they hold until told otherwise. */
export class WorkLoop {
  readonly #end = new AbortController();
  #pause: AbortController | undefined;

  /** Aborted when it is time to go home. */
  get end(): AbortSignal {
    return this.#end.signal;
  }

  get over(): boolean {
    return this.end.aborted;
  }

  finish(): void {
    this.#end.abort(new Error("the shift is over"));
    this.letGo();
  }

  /** From now on nobody releases. */
  keepOn(): void {
    this.#pause ??= new AbortController();
  }

  letGo(): void {
    this.#pause?.abort();
    this.#pause = undefined;
  }

  /** Works for a while, until `stop` aborts or the shift is over. */
  async toil(stop: AbortSignal): Promise<void> {
    await forA(between(keeping), stop, this.end);
    const pause = this.#pause;
    if (pause === undefined || stop.aborted) return;
    // Bounded by the shift, which lets go when it ends.
    await forA(2 ** 31 - 1, stop, pause.signal);
  }

  rest(): Promise<void> {
    return forA(between(resting), this.end);
  }
}

/** Sleeps; each of the signals ends it early. */
function forA(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
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
