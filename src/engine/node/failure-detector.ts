import { answerTimeout, type Clock, type Timer } from "../time/clock.js";
import type { Flushable, TickBatcher } from "../time/tick-batcher.js";
import { weakly } from "./weak-watch.js";

/**
 * What the detector observes. `unresponsive`: the circuit has opened. `answered`: the node has replied after a silence.
 */
export type Liveness = "silent" | "unresponsive" | "answered";

export interface FailureDetectorOptions {
  readonly clock: Clock;
  readonly batcher: TickBatcher;
  /** A node that owes a reply and sends none for this many ms counts as silent. */
  readonly timeout: number;
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
const maxPauseMs = 5_000;

/**
 * A circuit breaker for one node. The circuit is closed while the node answers, and opens when the node has owed
 * replies for three timeouts: then only probes are sent. While the circuit is open, a probe is always under way or
 * scheduled. Any reply closes the circuit, and so does a change of the connection. (After Nygard, "Release It!", Stability Patterns.)
 */
export class FailureDetector implements Flushable {
  /** Requests that the node has not replied to. */
  private unanswered = 0;
  /** Further requests without a reply, which the client has given up. The node may still be silent about them. */
  private givenUp = 0;
  /** The monotonic time from which the current silence is measured. */
  private silentSince = 0;
  /** The node has replied since the timer was set. */
  private hasReplied = false;
  private silences = 0;
  private pause: number;
  private timer: Timer | null = null;
  private closed = false;

  private readonly onDue = weakly(this, (detector: FailureDetector) => detector.check());

  constructor(private readonly options: FailureDetectorOptions) {
    this.pause = options.timeout;
  }

  /** Whether the circuit is open: requests are refused. */
  get open(): boolean {
    return this.silences >= silencesToOpen;
  }

  /** Whether the node has been silent for at least one timeout since its last reply. */
  get suspects(): boolean {
    return this.silences > 0;
  }

  /** Whether a probe is under way or scheduled. Always true while the circuit is open. */
  get probing(): boolean {
    return this.open && this.timer !== null;
  }

  /** The client has been given this many requests. */
  sent(count: number): void {
    if (this.owesNothing) {
      this.silentSince = this.options.clock.monotonic();
      this.hasReplied = false;
    }
    this.unanswered += count;
    if (this.timer === null) this.arm(this.options.timeout);
  }

  /** The node has replied to one request. */
  replied(): void {
    this.givenUp = 0;
    this.hasReplied = true;
    const suspected = this.silences > 0;
    // The node answers again. Earlier requests are lost or will be answered at once, so they must not count as a
    // silence.
    if (suspected) this.unanswered = 0;
    this.silences = 0;
    this.pause = this.options.timeout;
    this.requestEnded();
    // The timer may be that of a pause between two probes, which is longer than the timeout.
    if (suspected && this.isIdle) this.cancel();
    if (suspected) this.options.observe("answered");
  }

  /** One request gets no reply: it was never sent, or its connection was lost. */
  lost(): void {
    this.requestEnded();
  }

  /** The client gave up one request; the node has not replied. */
  timedOut(): void {
    this.givenUp++;
    this.requestEnded();
  }

  /** Closes the circuit: the connection was lost, or a new one begins. Requests on the old connection say nothing about the new one. */
  reset(): void {
    this.silences = 0;
    this.givenUp = 0;
    this.hasReplied = false;
    this.pause = this.options.timeout;
    this.silentSince = this.options.clock.monotonic();
    this.cancel();
  }

  close(): void {
    this.closed = true;
    this.cancel();
  }

  private requestEnded(): void {
    // A custom node may report the requests of a lost connection twice.
    this.unanswered = Math.max(0, this.unanswered - 1);
    // The next request is often sent at the end of this tick, and can use the timer.
    if (this.isIdle) this.options.batcher.addLast(this);
  }

  /** Cancels the timer unless a request was sent in this tick. */
  flush(): void {
    if (this.isIdle) this.cancel();
  }

  private get isIdle(): boolean {
    return this.timer !== null && this.owesNothing && !this.open;
  }

  private get owesNothing(): boolean {
    return this.unanswered + this.givenUp === 0;
  }

  private cancel(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(delay: number): void {
    if (this.closed) return;
    this.timer = answerTimeout(this.options.clock, delay, this.onDue, true);
  }

  /** One timer serves all requests. The timer keeps running while the node owes a reply. */
  private check(): void {
    const { clock, timeout } = this.options;
    this.timer = null;
    if (this.open) return this.probe();
    if (this.hasReplied) {
      this.hasReplied = false;
      this.silentSince = clock.monotonic();
    }
    const left = timeout - (clock.monotonic() - this.silentSince);
    // Whole ms: a fraction that no timer can wait for would make the timer fire again and again.
    if (left > 0) return this.arm(Math.ceil(left));
    this.onSilence();
  }

  private onSilence(): void {
    this.silences++;
    this.givenUp = 0;
    this.silentSince = this.options.clock.monotonic();
    const opened = this.open;
    // The timer is set first, because the observer may check whether a probe is scheduled.
    if (opened) this.probe();
    else this.arm(this.options.timeout);
    this.options.observe(opened ? "unresponsive" : "silent");
  }

  private probe(): void {
    this.arm(this.pause);
    this.pause = Math.min(this.pause * 2, Math.max(maxPauseMs, this.options.timeout));
    this.options.probe();
  }
}
