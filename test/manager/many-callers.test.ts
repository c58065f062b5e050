import { describe, expect, it } from "vitest";
import { LocalQueue, type QueuedAcquisition } from "../../src/lock/waiting/local-queue.js";

class QueuedCaller implements QueuedAcquisition {
  readonly keys: readonly string[];
  readonly fair = true;
  readonly ticket = 1;
  readonly lastAttempt = null;
  asking = false;
  calls = 0;

  constructor(readonly queueKey: string) {
    this.keys = [queueKey];
  }

  proceed(): void {
    this.calls++;
  }

  succeed(): void {}

  released(): void {}
}

const callerCount = 10_000;
/** Maximum number of callers that may ask at once. */
const maxAsking = 2_000;

/** Thousands of callers that were denied, each for its own lock. */
function deniedCallers(): { queue: LocalQueue; all: QueuedCaller[] } {
  const queue = new LocalQueue(100_000);
  const all = Array.from({ length: callerCount }, (_, index) => new QueuedCaller(`a${index}`));
  for (const caller of all) queue.join(caller, false);
  for (const caller of all) queue.answered(caller);
  for (const caller of all) {
    expect(caller.asking).toBe(false);
    caller.calls = 0;
  }
  return { queue, all };
}

describe("thousands of callers of one process that were denied and ask again", () => {
  it("ask in a limited number at a time, in order, until all have asked", () => {
    const { queue, all } = deniedCallers();
    const passed = all.filter((caller) => queue.retry(caller, false));
    expect(passed).toEqual(all.slice(0, maxAsking));
    for (const [index, caller] of all.entries()) {
      expect(caller.asking).toBe(true);
      queue.answered(caller);
      expect(all[index + maxAsking]?.calls ?? 1).toBe(1);
      expect(all[index + maxAsking + 1]?.calls ?? 0).toBe(0);
    }
    expect(all.some(({ asking }) => asking)).toBe(false);
  });

  it("do not delay a new caller by more than the callers before it", () => {
    const { queue, all } = deniedCallers();
    for (const caller of all) queue.retry(caller, false);
    const newcomer = new QueuedCaller("new");
    expect(queue.join(newcomer, false)).toBe(false);
    // Each caller asks again behind all others.
    for (const caller of all) {
      queue.answered(caller);
      queue.retry(caller, false);
    }
    expect(newcomer).toMatchObject({ calls: 1, asking: true });
  });

  it("ask at once, and only once, when they are woken", () => {
    const { queue, all } = deniedCallers();
    for (const caller of all) queue.retry(caller, false);
    const woken = all.slice(maxAsking, 2 * maxAsking + 1);
    for (const caller of woken) expect(queue.retry(caller, true)).toBe(true);
    // As many callers as were woken must be answered before another caller is called.
    for (const caller of woken) {
      expect(all.every(({ calls }) => calls === 0)).toBe(true);
      queue.answered(caller);
    }
    expect(all.every(({ calls }) => calls === 0)).toBe(true);
    for (const caller of all.slice(0, maxAsking)) queue.answered(caller);
    expect(all.map(({ calls }) => calls)).toEqual(
      all.map((_, index) => (index > 2 * maxAsking && index <= 3 * maxAsking ? 1 : 0)),
    );
  });

  it("free their slots when they give up, whether they were asking or not", () => {
    const { queue, all } = deniedCallers();
    for (const caller of all) queue.retry(caller, false);
    for (const caller of all.slice(maxAsking, maxAsking + 10)) queue.leave(caller);
    expect(all.every(({ calls }) => calls === 0)).toBe(true);
    for (const caller of all.slice(0, 5)) queue.leave(caller);
    expect(all.filter(({ calls }) => calls === 1)).toEqual(all.slice(maxAsking + 10, maxAsking + 15));
  });
});
