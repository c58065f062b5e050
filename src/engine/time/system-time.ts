/** Reads the functions of time that are in place now. */
const currentFunctions = () => ({ performance, now: performance.now, date: Date.now, timeout: setTimeout });
type Functions = ReturnType<typeof currentFunctions>;

/** A built-in of the language; whatever replaces it is written in JavaScript. */
const isNative = (builtIn: () => number): boolean =>
  Function.prototype.toString.call(builtIn).includes("[native code]");

const timeoutAtLoad = setTimeout;

/** Whether timers are set by a test. Sinon's, which Jest and Vitest use too, are marked, in case they were there at load. */
const isFake = (timeout: typeof setTimeout): boolean =>
  timeout !== timeoutAtLoad || Object.hasOwn(timeout, "clock");

/**
 * The monotonic clock of the process, which follows fake timers: a test may replace `performance.now`, `Date` and the
 * timers, all or some of them, at any time, and put them back.
 *
 * Each replacement begins a new segment of time that continues where the previous one stopped, rounded up to a whole ms: so
 * the clock never steps back, and sums with a replaced `Date` are exact. A timer is then due as soon as the test has
 * advanced time by its delay.
 *
 * Without a replaced `Date`, the clock is `performance.now()`. In a segment with a replaced `Date`, the clock follows
 * whichever of `Date` and `performance` advances more, because some fake timers advance only `Date`. But if a test sets the
 * timers too, real time does not count: a `performance` that was not replaced is left out.
 */
export class SystemTime {
  private functions: Functions = currentFunctions();
  private followsDate = false;
  private followsPerformance = true;
  /** What must be added to `performance.now()` and to `Date.now()` in this segment. */
  private shift = 0;
  private dateShift = 0;
  private latestDate = 0;
  private latest = 0;

  /** `replaced` is called when the functions of time were replaced: timers that were set before may never fire. */
  constructor(private readonly replaced: () => void) {
    if (isNative(Date.now)) return;
    this.latest = performance.now();
    this.continueWithCurrent();
  }

  monotonic(): number {
    const { date, timeout } = this.functions;
    if (date !== Date.now || timeout !== setTimeout) this.beginSegment();
    return this.followsDate ? this.latestOfBoth() : performance.now() + this.shift;
  }

  /** Looks for every replacement. `monotonic` omits the one that takes long to look for, and is rarely alone. */
  check(): void {
    if (this.functions.now !== performance.now) this.beginSegment();
  }

  private latestOfBoth(): number {
    const date = Date.now();
    // A test that sets the timers may set the date back between two steps of time. The steps still count.
    if (date < this.latestDate && !this.followsPerformance) this.dateShift = this.latest - date;
    this.latestDate = date;
    this.advance(date + this.dateShift, this.followsPerformance ? performance.now() + this.shift : 0);
    return this.latest;
  }

  private beginSegment(): void {
    const { performance: replaced, now, date } = this.functions;
    if (this.followsPerformance) this.advance(now.call(replaced) + this.shift);
    if (this.followsDate) this.advance(date.call(Date) + this.dateShift);
    this.continueWithCurrent();
    this.replaced();
  }

  /** A mock may return anything. */
  private advance(...readings: number[]): void {
    this.latest = Math.max(this.latest, ...readings.filter(Number.isFinite));
  }

  private continueWithCurrent(): void {
    this.functions = currentFunctions();
    this.followsDate = !isNative(this.functions.date);
    this.followsPerformance =
      !this.followsDate || !isFake(this.functions.timeout) || Object.hasOwn(performance, "now");
    this.latest = Math.ceil(this.latest);
    this.latestDate = Date.now();
    this.shift = Math.ceil(this.latest - performance.now());
    this.dateShift = Math.ceil(this.latest - this.latestDate);
  }
}
