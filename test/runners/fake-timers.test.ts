import { mock } from "node:test";
import FakeTimers from "@sinonjs/fake-timers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { scenariosUnder } from "../support/scenarios.js";

const { setImmediate: realImmediate } = globalThis;
const turn = () => new Promise<void>((resolve) => realImmediate(resolve));

type Options = NonNullable<Parameters<typeof FakeTimers.install>[0]>;
type Faked = NonNullable<Options["toFake"]>;
const timers: Faked = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"];

// Jest and Vitest use these timers, too; the first variant is Jest's.
describe.each<[string, Options]>([
  ["everything, from today's date", { now: Date.now() }],
  ["everything, from 1970", {}],
  ["timers and Date", { toFake: [...timers, "Date"] }],
  ["timers and performance", { toFake: [...timers, "performance", "hrtime"] }],
])("under Sinon's fake timers: %s", (_, options) => {
  let clock: ReturnType<typeof FakeTimers.install>;

  it.each(
    scenariosUnder({
      fake() {
        clock = FakeTimers.install(options);
      },
      restore() {
        // Node.js delivers the messages between processes by `process.nextTick`. Those that arrived meanwhile are not lost.
        clock.runMicrotasks();
        clock.uninstall();
      },
      advance: (ms) => clock.tickAsync(ms),
    }),
  )("%s", (_name, run) => run());
});

describe("under Vitest's fake timers", () => {
  it.each(
    scenariosUnder({
      fake: () => void vi.useFakeTimers(),
      restore: () => void vi.useRealTimers(),
      advance: (ms) => vi.advanceTimersByTimeAsync(ms),
    }),
  )("%s", (_name, run) => run());
});

describe("under the mock timers of node:test", () => {
  it.each(
    scenariosUnder({
      fake: () => {
        // Node.js warns that these timers are experimental.
        const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
        mock.timers.enable();
        emitWarning.mockRestore();
      },
      restore: () => mock.timers.reset(),
      async advance(ms) {
        for (let left = ms; left > 0; left -= 50) {
          mock.timers.tick(Math.min(left, 50));
          for (let turns = 0; turns < 3; turns++) await turn();
        }
      },
    }),
  )("%s", (_name, run) => run());
});

describe("timers like those of jsdom", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are numbers, without unref", async () => {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const handles = new Map<number, NodeJS.Timeout>();
    vi.stubGlobal("setTimeout", (callback: () => void, ms: number) => {
      handles.set(handles.size + 1, set(callback, ms));
      return handles.size;
    });
    vi.stubGlobal("clearTimeout", (handle: number) => clear(handles.get(handle)));
    vi.stubGlobal("setImmediate", undefined);
    const locks = createLocks({ nodes: [memoryNode()] });
    const lost = new Promise((resolve) => {
      locks.on("expired", resolve);
    });
    await locks.acquire("a", { ttl: 30, renew: false });
    await lost;
    await locks.close();
    expect(handles.size).toBeGreaterThan(0);
  });
});
