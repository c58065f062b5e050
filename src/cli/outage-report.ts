import type { RetryingEvent } from "../lock/events.js";
import { formatDuration } from "./duration.js";
import { describeReason } from "./holder.js";

/** The shortest time in ms between two reports, however often the cause changes. */
const reportInterval = 60_000;
/** Nodes that one report names. */
const maxNodes = 9;

/** Says why nothing can be granted: once it has lasted for a while, and again when the cause is another, or when it is over. */
export class OutageReport {
  /** When the outage began, in ms; null while there is none. */
  #since: number | null = null;
  /** The last cause of each node that has failed in this outage. */
  readonly #causes = new Map<string, string>();
  /** The cause that was reported last in this outage; null if it has not been reported. */
  #reported: string | null = null;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** `patience`: ms that an outage lasts before it is reported. `now`: ms. */
  constructor(
    private readonly report: (message: string) => void,
    private readonly patience: number,
    private readonly now = () => performance.now(),
  ) {}

  /** An attempt has failed. `what`: what is waited for. */
  failed({ reason, votes }: Pick<RetryingEvent, "reason" | "votes">, what: string): void {
    if (reason === "contended") return this.over();
    const now = this.now();
    this.#since ??= now;
    for (const vote of votes) {
      if (vote.kind === "failed") this.#causes.set(vote.node, causeOf(vote.message));
      else this.#causes.delete(vote.node);
    }
    const lasted = now - this.#since;
    if (lasted < this.patience) return;
    const cause = `${describeReason({ reason, votes })}${this.#namedNodes()}`;
    if (cause === this.#reported || now - this.#reportedAt < reportInterval) return;
    this.#reported = cause;
    this.#reportedAt = now;
    const time = lasted < 1_000 ? "" : ` for ${formatDuration(lasted)}`;
    this.report(`waiting for ${what}${time}: ${cause}`);
  }

  /** A quorum of nodes has answered. */
  over(): void {
    if (this.#reported !== null) this.report("a quorum of nodes answers again");
    this.#since = null;
    this.#reported = null;
    this.#causes.clear();
  }

  #namedNodes(): string {
    const all = [...this.#causes].map(([node, cause]) => `${node}: ${cause}`).sort();
    if (all.length === 0) return "";
    const more = all.length > maxNodes ? [`${all.length - maxNodes} more`] : [];
    return ` (${[...all.slice(0, maxNodes), ...more].join("; ")})`;
  }
}

/** Without the times, which are others in each attempt. */
const causeOf = (message: string): string =>
  message
    .replace(/ (?:within|after|for|in)(?: \d[\d.,]* (?:ms|s|min|h)\b)+/g, "")
    .replace(/^not connected: /, "");
