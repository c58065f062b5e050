import type { ChartLayout } from "../../../../src/charts/layout.js";
import { lockLayout, sharedLayout } from "../../../../src/charts/layouts.js";
import { shownBy } from "../../../../src/charts/moved.js";
import { overviewArrowOf } from "../../../../src/charts/overview.js";
import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { isShared } from "../../../../src/inspector/feed/lease-kind.js";

/** The two levels of the lock's chart. */
export const levels = ["overview", "full"] as const;
export type Level = (typeof levels)[number];

/** What is drawn: the overview, or the full chart of a lock or of a shared lock. */
export type Drawn = "overview" | "lock" | "shared";

/** The full chart of a shared lock also shows how its lease becomes exclusive. `steps`: the known steps of the lock. */
export function drawnFor(level: Level, lock: LockView, steps: readonly Step[]): Drawn {
  if (level === "overview") return level;
  return [lock, ...steps.map((step) => step.lock)].some(isShared) ? "shared" : "lock";
}

export const layoutOf = (drawn: Drawn): ChartLayout => (drawn === "shared" ? sharedLayout : lockLayout);

type Taken = Pick<Step, "event" | "from" | "to">;

/** The arrow of the chart that a step took, as the value of its `data-arrow`; null if the chart has none. */
export function arrowOf(drawn: Drawn, step: Taken): string | null {
  if (drawn === "overview") return overviewArrowOf(step)?.id ?? null;
  const part = shownBy(layoutOf(drawn), step);
  return part !== null && "points" in part ? `${part.from}>${part.to}` : null;
}

/** The names of a full chart's arrows, in the order in which they are drawn. */
export const arrowsOf = (drawn: Drawn): readonly string[] =>
  layoutOf(drawn).edges.map(({ from, to }) => `${from}>${to}`);
