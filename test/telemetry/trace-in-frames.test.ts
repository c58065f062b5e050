import { expect, test } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import { createLocks, memoryNode } from "../../src/index.js";
import type { Step } from "../../src/inspector/feed/frames.js";
import { parseFrame } from "../../src/inspector/feed/frames.js";
import { Tracker } from "../../src/inspector/feed/tracker.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { recordSpans } from "./recorders.js";

test.each(["before", "after"])(
  "each step of a traced lock bears its trace, if it is observed %s it is traced",
  async (order) => {
    const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()] });
    const steps: Step[] = [];
    const { provider, only } = recordSpans();
    const observe = () =>
      new Tracker(managerOf(locks)).listen((frame) => {
        expect(parseFrame(JSON.parse(JSON.stringify(frame)))).toEqual(frame);
        if (frame.kind === "steps") steps.push(...frame.steps);
      });
    const trace = () => instrumentLocks(locks, { tracerProvider: provider });
    const untraced = await locks.acquire("untraced");
    if (order === "before") observe();
    trace();
    if (order === "after") observe();
    await (await locks.acquire("traced")).release();
    await untraced.release();
    await locks.close();
    const { traceId } = only("acquire").spanContext();
    const of = (name: string) =>
      steps.filter(({ lock }) => lock.resources.includes(name)).map(({ trace }) => trace);
    expect(of("traced").length).toBeGreaterThan(3);
    expect(new Set(of("traced"))).toEqual(new Set([traceId]));
    expect(new Set(of("untraced"))).toEqual(new Set([undefined]));
  },
);
