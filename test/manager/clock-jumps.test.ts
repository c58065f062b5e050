import { describe, expect, it } from "vitest";
import type { Lease } from "../../src/index.js";
import { World } from "./world.js";

/** ms between two looks at the clocks. */
const look = 250;

/** How long after the deadline, by the wall clock, the loss was told. */
async function overdueAfter(
  world: World,
  lease: { validUntil: number; signal: AbortSignal },
): Promise<number> {
  for (let spent = 0; !lease.signal.aborted && spent < 5_000; spent += 5) await world.clock.advance(5);
  return world.clock.wall() - lease.validUntil;
}

describe("a wall clock that moves on without the monotonic one", () => {
  it.each([5, 300, 900])("ends a lease in time, by however little: %i ms", async (jump) => {
    const world = new World();
    const locks = world.locks({ ttl: 2_000, renew: false });
    const lease = await world.run(locks.acquire("a"));
    await world.clock.advance(1_000);
    world.clock.stepWall(jump);
    // The look that finds the jump sets the alarm anew.
    const overdue = await overdueAfter(world, lease);
    expect(overdue).toBeLessThanOrEqual(Math.min(jump, look) + 5);
  });

  it("is found also by locks that took over from the last one in the same turn", async () => {
    const world = new World();
    const locks = world.locks({ ttl: 2_000, renew: false });
    const first = await world.run(locks.acquire("a"));
    // The registry is empty for a moment, and is not by the end of the turn.
    const next = new Promise<Lease>((resolve) => locks.once("released", () => resolve(locks.acquire("b"))));
    void first.release();
    const held = await world.run(next);
    await world.clock.advance(500);
    world.clock.stepWall(1_000);
    expect(await overdueAfter(world, held)).toBeLessThanOrEqual(look + 5);
  });
});
