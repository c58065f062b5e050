import { EventEmitter } from "node:events";
import picocolors from "picocolors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ScreenView } from "../../../src/cli/watch/screen-view.js";

/** The part of a terminal that the screen uses. */
class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  columns = 60;
  rows = 10;
  readonly written: string[] = [];

  write(text: string): boolean {
    this.written.push(text);
    return true;
  }
}

let terminal: FakeTerminal;
let drawn: number;
let screen: ScreenView;

beforeEach(() => {
  vi.useFakeTimers();
  terminal = new FakeTerminal();
  drawn = 0;
  // The screen uses nothing of a stream that the fake lacks.
  const stream = terminal as unknown as NodeJS.WriteStream;
  screen = new ScreenView(stream, picocolors.createColors(false), (notices) => {
    drawn += 1;
    return { title: `picture ${drawn}`, count: 0, row: () => Object.create(null), notes: notices };
  });
});
afterEach(() => vi.useRealTimers());

test("it draws at most ten times a second, however many frames arrive", async () => {
  for (let ms = 0; ms < 1_000; ms += 1) {
    screen.frame();
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(drawn).toBeGreaterThan(5);
  expect(drawn).toBeLessThanOrEqual(11);
  await screen.end();
});

test("the remaining validity is redrawn while nothing happens", async () => {
  await vi.advanceTimersByTimeAsync(2_000);
  expect(drawn).toBeGreaterThanOrEqual(4);
  expect(drawn).toBeLessThanOrEqual(6);
  await screen.end();
});

test("at the end the last picture remains, nothing more is drawn, and notices go to stderr", async () => {
  await vi.advanceTimersByTimeAsync(100);
  await screen.end();
  const { length } = terminal.written;
  expect(terminal.written.at(-1)).toContain(`picture ${drawn}`);
  const complaint = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  screen.notice("left something out");
  expect(complaint).toHaveBeenCalledWith("holdfast: left something out\n");
  complaint.mockRestore();
  terminal.emit("resize");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(terminal.written).toHaveLength(length);
  expect(vi.getTimerCount()).toBe(0);
  expect(terminal.listenerCount("resize")).toBe(0);
});

test("a resized terminal is redrawn", async () => {
  await vi.advanceTimersByTimeAsync(100);
  terminal.columns = 9;
  terminal.emit("resize");
  await vi.advanceTimersByTimeAsync(200);
  expect(terminal.written.join("")).toContain("\u001b[2J");
  expect(terminal.written.at(-1)).toMatch(/pictur(e \d|…)/);
  await screen.end();
});

test("the last few notices are in the picture", async () => {
  for (const text of ["one", "two", "three", "four"]) screen.notice(text);
  await vi.advanceTimersByTimeAsync(200);
  expect(terminal.written.join("")).toMatch(/two\nthree\nfour/);
  expect(terminal.written.join("")).not.toContain("one\n");
  await screen.end();
});
