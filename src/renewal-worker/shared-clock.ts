import type { Clock, Instant } from "../engine/time/clock.js";
import { sharedMonotonic } from "../support/platform.js";

/** Instants as both threads know them: the monotonic clock of each thread has an origin of its own. */
export class SharedClock {
  /** `monotonic`: a clock of the machine in ms, the same for all threads. */
  constructor(
    private readonly clock: Clock,
    private readonly monotonic: () => number = sharedMonotonic,
  ) {}

  toShared({ monotonic, wall }: Instant): Instant {
    return { monotonic: monotonic - this.clock.monotonic() + this.monotonic(), wall };
  }

  toLocal({ monotonic, wall }: Instant): Instant {
    return { monotonic: monotonic - this.monotonic() + this.clock.monotonic(), wall };
  }
}
