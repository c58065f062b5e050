import { overviewStateOf } from "../../../../src/charts/overview.js";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { arrowOf, type Drawn } from "./arrows.js";

/** Whose steps are counted. */
export const heatScopes = ["off", "lock", "process", "all"] as const;
export type HeatScope = (typeof heatScopes)[number];

interface Stays {
  readonly count: number;
  /** In ms, of all stays together. */
  readonly total: number;
}

/** How often each arrow was taken, and how long each state lasted. */
export interface Heat {
  readonly steps: number;
  readonly arrows: ReadonlyMap<string, number>;
  /** The stays that have ended, by state: of the overview's top-level states, or of the full chart's leaves. */
  readonly stays: ReadonlyMap<string, Stays>;
}

/** `steps`: of any locks, each lock's in order. */
export function heatOf(drawn: Drawn, steps: Iterable<Step>): Heat {
  const arrows = new Map<string, number>();
  const stays = new Map<string, { count: number; total: number }>();
  /** When each lock entered its state. */
  const entered = new Map<string, { state: string; time: number }>();
  const named = drawn === "overview" ? overviewStateOf : (path: string) => path;
  let count = 0;
  for (const step of steps) {
    count += 1;
    const arrow = arrowOf(drawn, step);
    if (arrow !== null) arrows.set(arrow, (arrows.get(arrow) ?? 0) + 1);
    const [from, to] = [named(step.from), named(step.to)];
    const known = entered.get(step.lock.id);
    if (known?.state === from && from === to) continue;
    if (known?.state === from && step.time >= known.time) {
      const sum = stays.get(from) ?? { count: 0, total: 0 };
      sum.count += 1;
      sum.total += step.time - known.time;
      stays.set(from, sum);
    }
    entered.set(step.lock.id, { state: to, time: step.time });
  }
  return { steps: count, arrows, stays };
}

/** How warm an arrow is drawn, 0 to 4: by the share of the one that was taken most. */
export function warmth(count: number, most: number): number {
  if (count === 0 || most === 0) return 0;
  return Math.min(4, 1 + Math.floor((count / most) * 3.999));
}
