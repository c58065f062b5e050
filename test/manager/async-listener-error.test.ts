import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TestNodes } from "./test-nodes.js";

let warnings: { text: string; code: string }[];
let rejections: unknown[];
const noteRejection = (error: unknown) => rejections.push(error);

beforeEach(() => {
  warnings = [];
  rejections = [];
  vi.spyOn(process, "emitWarning").mockImplementation((text, given) => {
    const { code } = given as { code: string };
    if (code === "LISTENER_ERROR") warnings.push({ text: String(text), code });
  });
  process.on("unhandledRejection", noteRejection);
});
afterEach(() => {
  process.off("unhandledRejection", noteRejection);
  vi.restoreAllMocks();
});

it.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("of the listener");
    },
  ],
  ["rejects", () => Promise.reject(new Error("of the listener"))],
])("an onListenerError that rejects, for a listener that %s, leads to a process warning", async (_, fail) => {
  const testNodes = new TestNodes(3);
  const onListenerError = () => Promise.reject(new Error("of onListenerError")) as never;
  const locks = testNodes.locks({ onListenerError });
  locks.on("acquired", fail as () => void);
  await testNodes.run(locks.acquire("a"));
  // Node reports an unhandled rejection after the microtasks.
  await new Promise((resolve) => setImmediate(resolve));
  expect(rejections).toEqual([]);
  expect(warnings).toEqual([
    { code: "LISTENER_ERROR", text: 'onListenerError failed when it was told of a listener of "acquired"' },
  ]);
});
