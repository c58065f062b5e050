import { expect, it } from "vitest";
import { World } from "./world.js";

it.each([0.01, 0.3, 0.45])(
  "a lease is renewed before its deadline, however much drift is taken off: %d",
  async (driftFactor) => {
    const world = new World();
    const locks = world.locks({ ttl: 1_000, driftFactor });
    const lease = await world.run(locks.acquire("a"));
    let renewals = 0;
    locks.on("renewed", () => {
      renewals += 1;
    });
    await world.clock.advance(10_000);
    expect(lease.signal.aborted).toBe(false);
    expect(renewals).toBeGreaterThan(10);
    // Between two fifths and half of the validity each, or a step before.
    expect(renewals).toBeLessThan(10_000 / ((1_000 * (1 - driftFactor) * 2) / 5 - 50));
    await world.run(lease.release());
  },
);
