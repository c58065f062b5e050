import { describe, expect, it } from "vitest";
import { LocalQueue, type QueuedAcquisition } from "../../src/lock/waiting/local-queue.js";

class Caller implements QueuedAcquisition {
  readonly keys: readonly string[];
  readonly fair = true;
  readonly ticket = 1;
  asking = false;
  calls = 0;

  constructor(readonly queueKey: string) {
    this.keys = [queueKey];
  }

  proceed(): void {
    this.calls++;
  }

  released(): void {}
}

const crowd = 10_000;
/** Of them may ask at once. */
const most = 2_000;

/** Thousands who were denied, each for a lock of its own. */
function denied(): { lines: LocalQueue; all: Caller[] } {
  const lines = new LocalQueue(100_000);
  const all = Array.from({ length: crowd }, (_, index) => new Caller(`a${index}`));
  for (const listener of all) lines.join(listener, false);
  for (const listener of all) lines.answered(listener);
  for (const listener of all) {
    expect(listener.asking).toBe(false);
    listener.calls = 0;
  }
  return { lines, all };
}

describe("thousands of a process who were denied and ask again", () => {
  it("do so a limited number at a time, in the order in which they would, and all get through", () => {
    const { lines, all } = denied();
    const passed = all.filter((listener) => lines.again(listener, false));
    expect(passed).toEqual(all.slice(0, most));
    for (const [index, listener] of all.entries()) {
      expect(listener.asking).toBe(true);
      lines.answered(listener);
      expect(all[index + most]?.calls ?? 1).toBe(1);
      expect(all[index + most + 1]?.calls ?? 0).toBe(0);
    }
    expect(all.some(({ asking }) => asking)).toBe(false);
  });

  it("do not keep a newcomer waiting for more than those before it", () => {
    const { lines, all } = denied();
    for (const listener of all) lines.again(listener, false);
    const newcomer = new Caller("new");
    expect(lines.join(newcomer, false)).toBe(false);
    // They ask again and again, each behind all others.
    for (const listener of all) {
      lines.answered(listener);
      lines.again(listener, false);
    }
    expect(newcomer).toMatchObject({ calls: 1, asking: true });
  });

  it("ask at once when they are told that it is their turn, and only once", () => {
    const { lines, all } = denied();
    for (const listener of all) lines.again(listener, false);
    const told = all.slice(most, 2 * most + 1);
    for (const listener of told) expect(lines.again(listener, true)).toBe(true);
    // As many as were told have to be answered before anybody else is called.
    for (const listener of told) {
      expect(all.every(({ calls }) => calls === 0)).toBe(true);
      lines.answered(listener);
    }
    expect(all.every(({ calls }) => calls === 0)).toBe(true);
    for (const listener of all.slice(0, most)) lines.answered(listener);
    expect(all.map(({ calls }) => calls)).toEqual(
      all.map((_, index) => (index > 2 * most && index <= 3 * most ? 1 : 0)),
    );
  });

  it("make room when they give up, whether they were asking or not", () => {
    const { lines, all } = denied();
    for (const listener of all) lines.again(listener, false);
    for (const listener of all.slice(most, most + 10)) lines.leave(listener);
    expect(all.every(({ calls }) => calls === 0)).toBe(true);
    for (const listener of all.slice(0, 5)) lines.leave(listener);
    expect(all.filter(({ calls }) => calls === 1)).toEqual(all.slice(most + 10, most + 15));
  });
});
