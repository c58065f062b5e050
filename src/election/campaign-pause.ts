import type { Random } from "../engine/time/random.js";
import { backoff, type RetryFunction } from "../engine/time/retry.js";

/** ms. The pause doubles with each failure in a row, and has full jitter. */
const policy = { delay: 200, maxDelay: 10_000 };

/** The pause before the next campaign: none, unless the last campaigns or terms have failed. */
export class CampaignPause {
  /** The current pause in ms. */
  delay = 0;
  #failures = 0;
  readonly #delayOf: RetryFunction;

  constructor(random: Random) {
    this.#delayOf = backoff(policy, random);
  }

  failed(): void {
    this.#failures += 1;
    this.delay = Math.ceil(Number(this.#delayOf(this.#failures, "noQuorum")));
  }

  succeeded(): void {
    this.#failures = 0;
    this.delay = 0;
  }
}
