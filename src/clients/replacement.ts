import { type Clock, systemClock } from "../engine/time/clock.js";

/**
 * Why a connection is to be replaced. `silence`: nothing has been answered on it for too long. `wrongServer`: it answers, but
 * from a server that takes no locks, such as a master that has become a replica.
 */
export type ReplacementCause = "silence" | "wrongServer";

/** What the requests in flight on a connection are told when it is replaced. */
export const replacedMessage: Readonly<Record<ReplacementCause, string>> = {
  silence: "connection lost (it was silent for too long and has been replaced)",
  wrongServer: "connection lost (it led to a server that takes no locks and has been replaced)",
};

/** ms between two replacements of one connection: doubled from the first to the longest while nothing is answered. */
const firstDelay = 1_000;
const longestDelay = 30_000;

/** Bounds how often the connection of one client is replaced, whoever asks for it. */
export class ReplacementBackoff {
  #replacements = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock = systemClock) {}

  get permits(): boolean {
    return this.clock.monotonic() >= this.#notBefore;
  }

  replaced(): void {
    this.#notBefore =
      this.clock.monotonic() + Math.min(firstDelay * 2 ** Math.min(this.#replacements, 30), longestDelay);
    this.#replacements += 1;
  }

  /** A reply of the right server: the next replacement is bounded by the first delay again. */
  answered(): void {
    this.#replacements = 0;
  }
}

/** One for each client: several managers may share it. */
const backoffs = new WeakMap<object, ReplacementBackoff>();

export function backoffOf(client: object, clock?: Clock): ReplacementBackoff {
  let backoff = backoffs.get(client);
  if (backoff === undefined) {
    backoff = new ReplacementBackoff(clock);
    backoffs.set(client, backoff);
  }
  return backoff;
}
