import { describe, expect, it } from "vitest";
import { type Extending, LockExtender, releaseSafely } from "../../src/redlock/lock-extender.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";

/** A lock of 1000 ms whose extensions are counted, and answered by `extend`. */
function extended(extend: () => Promise<number>, more: Partial<Extending> = {}) {
  const clock = new VirtualClock();
  const counts = { extensions: 0, losses: 0 };
  const extender = new LockExtender(clock, 1000, {
    delay: (left) => left / 2,
    extend() {
      counts.extensions++;
      return extend();
    },
    retryDelay: 100,
    isLost: (error) => error === "lost",
    lossError: (error) => new Error(`lost: ${error}`),
    onLost: () => counts.losses++,
    ...more,
  });
  return { clock, counts, extender };
}

describe("LockExtender", () => {
  it("extends the lock for as long as the routine runs", async () => {
    const { clock, counts, extender } = extended(async () => 1000);
    await clock.advance(10_000);
    expect(counts).toEqual({ extensions: 20, losses: 0 });
    await extender.end();
    expect(clock.pending).toBe(0);
  });

  it("aborts the signal once when an extension reports the loss", async () => {
    const { clock, counts, extender } = extended(() => Promise.reject("lost"));
    await clock.advance(500);
    expect(extender.signal.aborted).toBe(true);
    expect(extender.signal.reason).toBe(extender.signal.error);
    expect(extender.signal.error?.message).toBe("lost: lost");
    await clock.advance(1000);
    expect(counts).toEqual({ extensions: 1, losses: 1 });
  });

  it("repeats a failed extension until the lock's end, and then aborts the signal with the last error", async () => {
    const { clock, counts, extender } = extended(() => Promise.reject("refused"));
    await clock.advance(999);
    expect(extender.signal.aborted).toBe(false);
    expect(counts.extensions).toBe(5);
    await clock.advance(1);
    expect(extender.signal.error?.message).toBe("lost: refused");
    expect(counts.losses).toBe(1);
  });

  it("without a retry, holds the lock until its end", async () => {
    const { clock, counts, extender } = extended(() => Promise.reject("refused"), { retryDelay: null });
    await clock.advance(999);
    expect(extender.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(extender.signal.aborted).toBe(true);
    expect(counts).toEqual({ extensions: 1, losses: 1 });
  });

  it("aborts the signal at the lock's end although no extension is answered", async () => {
    const { clock, extender } = extended(() => new Promise(() => {}));
    await clock.advance(1000);
    expect(extender.signal.error?.message).toBe("lost: undefined");
  });

  it("aborts the signal when an extension fails after a suspension that outlasted the lock", async () => {
    const { clock, extender } = extended(() => Promise.reject("refused"));
    clock.stepWall(2000);
    await clock.advance(500);
    expect(extender.signal.aborted).toBe(true);
  });

  it("does not extend the lock if there is no delay", async () => {
    const { clock, counts, extender } = extended(async () => 1000, { delay: null });
    await clock.advance(1000);
    expect(counts).toEqual({ extensions: 0, losses: 1 });
    expect(extender.signal.aborted).toBe(true);
  });

  it("at the end, waits for the extension that is under way, and reports no loss", async () => {
    let fail = (_: unknown) => {};
    const { clock, counts, extender } = extended(() => new Promise((_, reject) => (fail = reject)));
    await clock.advance(500);
    let ended = false;
    const end = extender.end().then(() => (ended = true));
    await settle();
    expect(ended).toBe(false);
    fail("lost");
    await end;
    await clock.advance(1000);
    expect(extender.signal.aborted).toBe(false);
    expect(counts).toEqual({ extensions: 1, losses: 0 });
  });
});

describe("releaseSafely", () => {
  it.each([
    ["rejects", () => Promise.reject(new Error("refused"))],
    [
      "throws",
      () => {
        throw new Error("refused");
      },
    ],
    ["returns no promise", () => undefined],
  ])("resolves if the release %s", async (_, release) => {
    await expect(releaseSafely(release)).resolves.toBeUndefined();
  });
});
