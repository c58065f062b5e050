/** Reads the functions of time that are in place now. */
const currentFunctions = () => ({ performance, now: performance.now, date: Date.now, timeout: setTimeout });
type Functions = ReturnType<typeof currentFunctions>;

/** A built-in of the language; whatever replaces it is written in JavaScript. */
const isNative = (builtIn: () => number): boolean =>
  Function.prototype.toString.call(builtIn).includes("[native code]");

/**
 * The monotonic clock of the process, which follows fake timers: a test may replace `performance.now`, `Date` and the
 * timers, all or some of them, at any time, and put them back.
 *
 * Each replacement begins a new segment of time that continues where the previous one stopped, so that the clock never
 * steps back. In a segment with a replaced `Date`, the clock follows whichever of `Date` and `performance` advances more,
 * because some fake timers advance only `Date`. Without a replacement the clock is `performance.now()`.
 */
export class SystemTime {
  private functions: Functions = currentFunctions();
  private followsDate = !isNative(this.functions.date);
  /** What must be added to `performance.now()` and to `Date.now()` in this segment. */
  private shift = 0;
  private dateShift = this.followsDate ? performance.now() - Date.now() : 0;
  private latest = 0;

  /** `replaced` is called when the functions of time were replaced: timers that were set before may never fire. */
  constructor(private readonly replaced: () => void) {}

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
    this.latest = Math.max(this.latest, performance.now() + this.shift, Date.now() + this.dateShift);
    return this.latest;
  }

  private beginSegment(): void {
    const { performance: replaced, now, date } = this.functions;
    const last = [now.call(replaced) + this.shift, this.followsDate ? date.call(Date) + this.dateShift : 0];
    // A mock that was taken away may return anything.
    this.latest = Math.max(this.latest, ...last.filter(Number.isFinite));
    this.functions = currentFunctions();
    this.followsDate = !isNative(this.functions.date);
    this.shift = this.latest - performance.now();
    this.dateShift = this.latest - Date.now();
    this.replaced();
  }
}
