import { PassThrough } from "node:stream";
import picocolors from "picocolors";
import { expect, test, vi } from "vitest";
import { inOrder } from "../../../src/cli/watch/lock-order.js";
import { pictureOf } from "../../../src/cli/watch/picture.js";
import { draw } from "../../../src/cli/watch/table.js";
import { TableKeys } from "../../../src/cli/watch/table-keys.js";
import { FrameAggregate } from "../../../src/inspector/feed/frame-aggregate.js";
import { beat, lockView, noon } from "../../inspector/frames-of-all-kinds.js";

/** A keyboard: what is written to it was typed. */
function keyboard() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, setRawMode: vi.fn(), unref: vi.fn() });
  const keys = new TableKeys();
  const changed = vi.fn();
  const interrupt = vi.fn();
  keys.listen(stream, changed, interrupt);
  const type = async (text: string) => {
    stream.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { stream, keys, changed, interrupt, type };
}

test("keys sort the table and turn its pages, and Ctrl-C still ends the watch", async () => {
  const { stream, keys, changed, interrupt, type } = keyboard();
  await type("s");
  expect(keys.order).toBe("resource");
  await type("nn");
  expect(keys.page).toBe(2);
  await type("ppp");
  expect(keys.page).toBe(0);
  expect(changed).toHaveBeenCalledTimes(6);
  await type("x");
  expect(changed).toHaveBeenCalledTimes(6);
  await type("\u0003");
  expect(interrupt).toHaveBeenCalledOnce();
  keys.stop();
  expect(stream.setRawMode.mock.calls).toEqual([[true], [false]]);
  await type("s");
  expect(keys.order).toBe("resource");
});

test("without a keyboard nothing is read, and nothing is said of keys", () => {
  const stream = Object.assign(new PassThrough(), { resume: vi.fn() });
  const keys = new TableKeys();
  keys.listen(stream, vi.fn(), vi.fn());
  expect(stream.resume).not.toHaveBeenCalled();
  expect(keys.help).toBe("");
});

test("locks are sorted by trouble, by name, by how long they are held, and by how long they wait", () => {
  const lock = (id: string, changes: object) => lockView({ id, resources: [id], ...changes });
  const locks = [
    lock("b", { granted: noon - 5 }),
    lock("a", { state: "idle" }),
    lock("d", { state: "acquiring.waiting", began: noon - 9 }),
    lock("e", { state: "expired" }),
    lock("c", { granted: noon - 50 }),
  ];
  const by = (order: Parameters<typeof inOrder>[1]) =>
    inOrder(locks, order)
      .map(({ id }) => id)
      .join("");
  expect(by("trouble")).toBe("ebcda");
  expect(by("resource")).toBe("abcde");
  expect(by("longest held")).toBe("cbade");
  expect(by("longest wait")).toBe("dabce");
});

test("every row is on one page, and a page beyond the last one is the last one", () => {
  const aggregate = new FrameAggregate();
  aggregate.apply(beat(), noon);
  const locks = Array.from({ length: 25 }, (_, n) =>
    lockView({ id: `a-${n}`, resources: [`job:${String(n).padStart(2, "0")}`] }),
  );
  aggregate.apply({ kind: "locks", source: "a", seq: 9, time: noon, locks }, noon);
  const page = (number: number) =>
    draw(
      pictureOf(
        {
          aggregate,
          asked: new Map(),
          prefix: undefined,
          notes: [],
          keys: { order: "resource", page: number, help: "s sorts" },
        },
        noon,
      ),
      { columns: 140, rows: 14 },
      picocolors.createColors(false),
    );
  const jobs = (number: number) => page(number).match(/job:\d\d/g);
  expect([...(jobs(0) ?? []), ...(jobs(1) ?? []), ...(jobs(2) ?? [])]).toEqual(
    locks.map(({ resources }) => resources[0]),
  );
  expect(page(0)).toContain("by resource (s sorts)");
  expect(page(1)).toContain("(page 2 of 3)");
  expect(jobs(9)).toEqual(jobs(2));
});
