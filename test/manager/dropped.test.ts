import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { listen, settle, World } from "./world.js";

/** Collects garbage until `done`, or for so many rounds: finalisers run when the engine likes. */
async function collect(done: () => boolean): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let round = 0; round < 100 && !done(); round++) {
    gc();
    await settle();
  }
}

async function warningsDuring(action: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const listener = (warning: Error & { code?: string }) => warnings.push(warning.code ?? warning.name);
  process.on("warning", listener);
  await action();
  process.off("warning", listener);
  return warnings;
}

/** In a function of its own, so that no stack frame keeps the lease. */
const acquireAndForget = async (locks: Locks) => void (await locks.acquire("a", { ttl: 1_000 }));

describe("a lease that was dropped", () => {
  it("is renewed no more, with a warning, and ends at its deadline", async () => {
    const world = new World(3);
    const locks = world.locks();
    const heard = listen(locks);
    const warnings = await warningsDuring(async () => {
      await acquireAndForget(locks);
      // Until its first renewal it is kept.
      await world.clock.advance(600);
      let warned = false;
      process.once("warning", () => {
        warned = true;
      });
      await collect(() => warned);
      await world.clock.advance(5_000);
    });
    expect(warnings).toEqual(["LEASE_DROPPED"]);
    expect(heard.map(({ name }) => name)).toEqual(["acquiring", "acquired", "renewed", "expired"]);
    expect(heard.at(-1)?.event).toMatchObject({ reason: "dropped" });
    expect(await world.holders("a")).toEqual([false, false, false]);
    expect(world.clock.pending).toBe(0);
  });

  it("is one only without a release: a released one is collected in silence", async () => {
    const world = new World(3);
    const locks = world.locks();
    const warnings = await warningsDuring(async () => {
      await locks.using("a", () => {});
      await (await locks.acquire("a")).release();
      let rounds = 0;
      await collect(() => rounds++ > 10);
    });
    expect(warnings).toEqual([]);
  });
});
