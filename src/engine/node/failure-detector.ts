import { answerTimeout, type Clock, type Timer } from "../time/clock.js";
import { weakly } from "./weak-watch.js";

/**
 * What the detector observes. `unresponsive`: the circuit has opened. `answered`: the node has replied after a silence.
 */
export type Liveness = "silent" | "unresponsive" | "answered";

export interface FailureDetectorOptions {
  readonly clock: Clock;
  /** A node that owes a reply and sends none for this many ms counts as silent. */
  readonly patience: number;
  readonly observe: (liveness: Liveness) => void;
  /** Sends the node a request that has no effect. The request must lead to `sent`, and its reply to `replied`. */
  readonly probe: () => void;
}

/**
 * Consecutive silences that open the circuit. The first may be the fault of this process: it may have been stalled,
 * rather than the node.
 */
const silencesToOpen = 3;
/** Maximum pause between two probes, in ms. The first pause equals the timeout, and each further pause doubles. */
const longestPause = 5_000;

/**
 * A circuit breaker for one node. The circuit is closed while the node answers, and opens when the node has owed
 * replies for three timeouts: then only probes are sent. While the circuit is open, a probe is always under way or
 * scheduled, and any reply closes the circuit. (After Nygard, "Release It!", Stability Patterns.)
 */
export class FailureDetector {
  /** Requests that the node has not replied to. */
  private owed = 0;
  /** Further requests without a reply, which the client has given up. The node may still be silent about them. */
  private givenUp = 0;
  /** The monotonic time from which the current silence is measured. */
  private since = 0;
  /** The node has replied since the timer was set. */
  private heard = false;
  private silences = 0;
  private pause: number;
  private timer: Timer | null = null;
  private closed = false;

  constructor(private readonly options: FailureDetectorOptions) {
    this.pause = options.patience;
  }

  /** Whether the circuit is open: requests are refused. */
  get open(): boolean {
    return this.silences >= silencesToOpen;
  }

  /** Whether the node's latest timeout passed without a reply. */
  get suspects(): boolean {
    return this.silences > 0;
  }

  /** Whether a probe is under way or scheduled. Always true while the circuit is open. */
  get probing(): boolean {
    return this.open && this.timer !== null;
  }

  /** The client has been given this many requests. */
  sent(count: number): void {
    if (this.owed + this.givenUp === 0) this.since = this.options.clock.monotonic();
    this.owed += count;
    if (this.timer !== null) return;
    this.heard = false;
    this.arm(this.options.patience);
  }

  /** The node has replied to one request. */
  replied(): void {
    this.givenUp = 0;
    this.heard = true;
    const suspected = this.suspects;
    // The node answers again. Earlier requests are lost or will be answered at once, so they must not count as a
    // silence.
    if (suspected) this.owed = 0;
    this.silences = 0;
    this.pause = this.options.patience;
    this.ended();
    if (suspected) this.options.observe("answered");
  }

  /** One request gets no reply: it was never sent, or its connection was lost. */
  lost(): void {
    this.ended();
  }

  /** The client gave up one request; the node has not replied. */
  timedOut(): void {
    this.givenUp++;
    this.ended();
  }

  /** A new connection begins. Requests on the old connection say nothing about the new one. */
  reset(): void {
    this.silences = 0;
    this.givenUp = 0;
    this.pause = this.options.patience;
    this.since = this.options.clock.monotonic();
    this.cancel();
  }

  close(): void {
    this.closed = true;
    this.cancel();
  }

  private ended(): void {
    // A custom node may report the requests of a lost connection twice.
    this.owed = Math.max(0, this.owed - 1);
    if (this.owed + this.givenUp === 0 && !this.open) this.cancel();
  }

  private cancel(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(delay: number): void {
    if (this.closed) return;
    this.timer = answerTimeout(
      this.options.clock,
      delay,
      weakly(this, (detector) => detector.look()),
      true,
    );
  }

  /** One timer serves all requests. The timer keeps running while the node owes a reply. */
  private look(): void {
    const { clock, patience } = this.options;
    this.timer = null;
    if (this.open) return this.probe();
    if (this.heard) {
      this.heard = false;
      this.since = clock.monotonic();
    }
    const left = patience - (clock.monotonic() - this.since);
    // Whole ms: a fraction that no timer can wait for would make the timer fire again and again.
    if (left > 0) return this.arm(Math.ceil(left));
    this.notice();
  }

  private notice(): void {
    this.silences++;
    this.givenUp = 0;
    this.since = this.options.clock.monotonic();
    const opened = this.open;
    // The timer is set first, because the observer may check whether a probe is scheduled.
    if (opened) this.probe();
    else this.arm(this.options.patience);
    this.options.observe(opened ? "unresponsive" : "silent");
  }

  private probe(): void {
    this.arm(this.pause);
    this.pause = Math.min(this.pause * 2, Math.max(longestPause, this.options.patience));
    this.options.probe();
  }
}
