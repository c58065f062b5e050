import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { onAbort } from "../../src/support/abort.js";

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

describe("callbacks of one signal", () => {
  it("share one listener, and are called in the order in which they were added", () => {
    const controller = new AbortController();
    const called: unknown[] = [];
    for (let one = 0; one < 1_000; one++) onAbort(controller.signal, (reason) => called.push([one, reason]));
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort("over");
    expect(called).toEqual(Array.from({ length: 1_000 }, (_, one) => [one, "over"]));
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it("leave no listener once all are removed, and removing twice does nothing", () => {
    const { signal } = new AbortController();
    const removals = [1, 2, 3].map(() => onAbort(signal, () => {}));
    for (const remove of [...removals, ...removals]) remove();
    expect(listenersOf(signal)).toBe(0);
    onAbort(signal, () => {});
    for (const remove of removals) remove();
    expect(listenersOf(signal)).toBe(1);
  });

  it("are not called once they were removed, even by a callback of the same signal", () => {
    const controller = new AbortController();
    const called: string[] = [];
    let removeLast = () => {};
    onAbort(controller.signal, () => {
      called.push("first");
      removeLast();
    });
    removeLast = onAbort(controller.signal, () => called.push("last"));
    controller.abort();
    expect(called).toEqual(["first"]);
  });
});
