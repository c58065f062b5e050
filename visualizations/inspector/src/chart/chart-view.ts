import { effect, signal } from "@preact/signals";
import { type Level, levels } from "./arrows.js";
import type { HeatScope } from "./heat.js";

/** How the user looks at charts: kept from one lock to the next, and in the browser's storage. */
export interface ChartView {
  readonly level: Level;
  /** Size of the full chart, 1 being its natural size; null: all of it is visible. */
  readonly zoom: number | null;
  /** The full chart moves with the state, until the user moves it. */
  readonly follows: boolean;
  /** What is in the middle of the full chart's window, as shares of its width and height. */
  readonly middle: readonly [number, number];
}

const key = "holdfast-chart";
const first: ChartView = { level: "overview", zoom: 1, follows: true, middle: [0.5, 0] };
const zoomSteps = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2] as const;

function remembered(): ChartView {
  try {
    const { level, zoom } = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<ChartView>;
    const known = levels.find((one) => one === level) ?? first.level;
    return {
      ...first,
      level: known,
      zoom: zoomSteps.find((one) => one === zoom) ?? (zoom === null ? null : 1),
    };
  } catch {
    return first;
  }
}

export const chartView = signal<ChartView>(remembered());
export const heatScope = signal<HeatScope>("off");

effect(() => {
  const { level, zoom } = chartView.value;
  try {
    localStorage.setItem(key, JSON.stringify({ level, zoom }));
  } catch {
    // Storage may be forbidden.
  }
});

export const changeView = (change: Partial<ChartView>): void => {
  chartView.value = { ...chartView.peek(), ...change };
};

/** The next larger or smaller size. */
export function nextZoom(zoom: number | null, way: 1 | -1): number {
  const at = zoom === null ? 0 : zoomSteps.findIndex((one) => one >= zoom);
  return zoomSteps[Math.max(0, Math.min(zoomSteps.length - 1, at + (zoom === null ? 0 : way)))] ?? 1;
}
