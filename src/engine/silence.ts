import { type Clock, elapsed, type Instant, now } from "./clock.js";

/** Notices a node that leaves requests unanswered, also where no round waits for it any more. */
export class Silence {
  /** Since when it has owed an answer, or since its silence was noticed last. */
  private since: Instant | null = null;
  /** It has said something since it was looked at, and owes more. */
  private spoke = false;
  private noticed = 0;

  constructor(
    private readonly clock: Clock,
    /** ms without any answer that count as a silence. */
    private readonly patience: number,
    private readonly observe: (observation: "silent" | "answered") => void,
  ) {}

  /** Whether it goes on and on. The first may be this process' own: it stood still, and not the node. */
  get lasting(): boolean {
    return this.noticed > 2;
  }

  /** A request is on its way. */
  begin(): void {
    this.since ??= now(this.clock);
  }

  /** The server has said something; `more`: it owes further answers. */
  end(more: boolean): void {
    if (!more) this.since = null;
    this.spoke = more;
    if (this.noticed === 0) return;
    this.noticed = 0;
    this.observe("answered");
  }

  /** To be called whenever there is reason to look: needs no timer of its own. */
  look(): void {
    if (this.since === null) return;
    if (this.spoke) {
      this.spoke = false;
      this.since = now(this.clock);
    } else if (elapsed(this.clock, this.since) >= this.patience) {
      this.since = now(this.clock);
      this.noticed++;
      this.observe("silent");
    }
  }

  /** The connection is gone, and with it what was unanswered. */
  reset(): void {
    this.since = null;
    this.spoke = false;
    this.noticed = Math.min(this.noticed, 1);
  }
}
