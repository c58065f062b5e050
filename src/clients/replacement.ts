import type { Clock } from "../engine/time/clock.js";
import { systemClock } from "../engine/time/system-clock.js";

/**
 * Why a connection is replaced. `silence`: no reply has arrived for too long. `wrongServer`: the server answers, but
 * takes no locks, for example a master that has become a replica. `message`: the error message for requests in flight.
 */
export interface ReplacementCause {
  readonly kind: "silence" | "wrongServer";
  readonly message: string;
}

export const silence: ReplacementCause = {
  kind: "silence",
  message: "connection lost (it was silent for too long and has been replaced)",
};

/** `refusal`: what the server answered. */
export const wrongServer = (refusal: string): ReplacementCause => ({
  kind: "wrongServer",
  message: `connection lost (it led to a server that takes no locks and has been replaced: ${refusal})`,
});

/** ms between two replacements of one connection: doubles from the first to the longest delay until a reply arrives. */
const firstDelay = 1_000;
const longestDelay = 30_000;
/**
 * The longest delay while the connection is not ready. A handshake has had the whole `connectTimeout` for its answer, and
 * the next one begins only when it is ended.
 */
const longestHandshakeDelay = 4_000;

/** Limits how often the connection of one client is replaced, whichever caller requests the replacement. */
export class ReplacementBackoff {
  /** The number of replacements since the last reply. */
  replacements = 0;
  #replacedAt = Number.NEGATIVE_INFINITY;
  #delay = 0;

  constructor(private readonly clock: Clock = systemClock) {}

  /** `ready`: whether the connection to be replaced is ready. */
  permits(ready: boolean): boolean {
    const delay = ready ? this.#delay : Math.min(this.#delay, longestHandshakeDelay);
    return this.clock.monotonic() >= this.#replacedAt + delay;
  }

  replaced(): void {
    this.#replacedAt = this.clock.monotonic();
    this.#delay = Math.min(firstDelay * 2 ** Math.min(this.replacements, 30), longestDelay);
    this.replacements += 1;
  }

  /** A reply of the right server resets the delay. */
  answered(): void {
    this.replacements = 0;
  }
}

/** One per client, because several managers may share a client. */
const backoffs = new WeakMap<object, ReplacementBackoff>();

export function backoffOf(client: object, clock?: Clock): ReplacementBackoff {
  let backoff = backoffs.get(client);
  if (backoff === undefined) {
    backoff = new ReplacementBackoff(clock);
    backoffs.set(client, backoff);
  }
  return backoff;
}
