import type { ChartLayout } from "../../../../src/charts/layout.js";
import { layouts } from "../../../../src/charts/layouts.js";
import { shownBy } from "../../../../src/charts/moved.js";
import { overviewArrowOf } from "../../../../src/charts/overview.js";
import type { Step } from "../../../../src/inspector/feed/frames.js";

/** The two levels of the lock's chart. */
export const levels = ["overview", "full"] as const;
export type Level = (typeof levels)[number];

type Taken = Pick<Step, "event" | "from" | "to">;

const lock: ChartLayout = layouts.lock;

/** The arrow of the chart that a step took, as the value of its `data-arrow`; null if the chart has none. */
export function arrowOf(level: Level, step: Taken): string | null {
  if (level === "overview") return overviewArrowOf(step)?.id ?? null;
  const part = shownBy(lock, step);
  return part !== null && "points" in part ? `${part.from}>${part.to}` : null;
}

/** The names of the full chart's arrows, in the order in which they are drawn. */
export const fullArrows: readonly string[] = lock.edges.map(({ from, to }) => `${from}>${to}`);
