import { type Clock, elapsed, type Instant, now } from "./clock.js";

/** Notices a node that leaves requests unanswered, also where no round waits for it any more. */
export class Silence {
  /** Since when it has owed an answer, or since its silence was noticed last. */
  private since: Instant | null = null;
  private noticed = false;

  constructor(
    private readonly clock: Clock,
    /** ms without any answer that count as a silence. */
    private readonly patience: number,
    private readonly observe: (observation: "silent" | "answered") => void,
  ) {}

  /** A request is on its way. */
  begin(): void {
    this.since ??= now(this.clock);
  }

  /** The server has said something; `more`: it owes further answers. */
  end(more: boolean): void {
    this.since = more ? now(this.clock) : null;
    if (!this.noticed) return;
    this.noticed = false;
    this.observe("answered");
  }

  /** To be called whenever there is reason to look: needs no timer of its own. */
  look(): void {
    if (this.since === null || elapsed(this.clock, this.since) < this.patience) return;
    this.since = now(this.clock);
    this.noticed = true;
    this.observe("silent");
  }

  /** The connection is gone, and with it what was unanswered. */
  reset(): void {
    this.since = null;
  }
}
