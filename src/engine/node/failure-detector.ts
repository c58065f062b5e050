import { answerTimeout, type Clock, type Timer } from "../time/clock.js";
import { weakly } from "./weak-watch.js";

/** What the detector notices. `unresponsive`: the circuit has opened. `answered`: the node has given a sign of life. */
export type Liveness = "silent" | "unresponsive" | "answered";

export interface FailureDetectorOptions {
  readonly clock: Clock;
  /** ms without any reply, while the node owes one, that count as a silence. */
  readonly patience: number;
  readonly observe: (liveness: Liveness) => void;
  /** Asks the node something without effect. It must lead to `sent`, and its reply to `replied`. */
  readonly probe: () => void;
}

/** Silences in a row that open the circuit. The first may be this process's own: it stood still, and not the node. */
const silencesToOpen = 3;
/** ms between two probes at the most; the first pause is one patience, and each is twice the one before. */
const longestPause = 5_000;

/**
 * A circuit breaker for one node. It is closed while the node answers, and opens when the node has owed replies for three
 * times its patience: then nothing is sent but probes. While it is open a probe is always under way or scheduled, and any
 * reply closes it. (After Nygard, "Release It!", Stability Patterns.)
 */
export class FailureDetector {
  /** Requests that the node owes a reply to. */
  private owed = 0;
  /** Further ones that the client has given up. The node may still be silent about them. */
  private givenUp = 0;
  /** The monotonic time from which a silence counts. */
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

  /** Whether requests are to be refused. */
  get open(): boolean {
    return this.silences >= silencesToOpen;
  }

  /** Whether it has been silent of late. */
  get suspects(): boolean {
    return this.silences > 0;
  }

  /** Whether a probe is under way or scheduled. Always true while the circuit is open. */
  get probing(): boolean {
    return this.open && this.timer !== null;
  }

  /** So many requests have been handed to the client. */
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
    // It answers again: what was asked before is lost, or comes at once, and must not count against it.
    if (suspected) this.owed = 0;
    this.silences = 0;
    this.pause = this.options.patience;
    this.ended();
    if (suspected) this.options.observe("answered");
  }

  /** One request was not replied to: it was never sent, or its connection is gone. */
  lost(): void {
    this.ended();
  }

  /** The client waits no longer for one request; the node has said nothing. */
  timedOut(): void {
    this.givenUp++;
    this.ended();
  }

  /** Another connection begins: nothing that was asked on the old one tells anything about it. */
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
    // A node that somebody else wrote may end requests of a connection that is gone twice.
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

  /** One timer serves all requests: it goes on while the node owes anything. */
  private look(): void {
    const { clock, patience } = this.options;
    this.timer = null;
    if (this.open) return this.probe();
    if (this.heard) {
      this.heard = false;
      this.since = clock.monotonic();
    }
    const left = patience - (clock.monotonic() - this.since);
    // Whole ms: a rest that no clock can wait for would come again and again.
    if (left > 0) return this.arm(Math.ceil(left));
    this.notice();
  }

  private notice(): void {
    this.silences++;
    this.givenUp = 0;
    this.since = this.options.clock.monotonic();
    const opened = this.open;
    // First the timer: whoever is told may look whether a probe is scheduled.
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
