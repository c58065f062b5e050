import { Resvg } from "@resvg/resvg-js";
import { describe, expect, it } from "vitest";
import { drawOverview } from "../../src/charts/draw-overview.js";
import { machines } from "../../src/charts/machines.js";
import { metrics, widthOf } from "../../src/charts/metrics.js";
import { type ChartState, modelOf } from "../../src/charts/model.js";
import { overviewArrowOf, overviewArrows, overviewLayouts } from "../../src/charts/overview.js";

const lock = modelOf(machines.lock);
const topOf = (path: string) => path.split(".")[0]!;

it("every transition of the lock's chart is one arrow of the overview, and no arrow stands for nothing", () => {
  const used = new Map<string, Set<string>>();
  for (const { event, from, to } of lock.transitions) {
    const arrow = overviewArrowOf({ event, from, to: to ?? from });
    expect(arrow, `${event} from ${from} to ${to}`).not.toBeNull();
    used.set(arrow!.id, (used.get(arrow!.id) ?? new Set()).add(`${topOf(from)} ${event}`));
  }
  for (const { id, events, from } of overviewArrows) {
    const all = [...(used.get(id) ?? [])];
    for (const event of events)
      expect(
        all.some((one) => one.endsWith(` ${event}`)),
        `${id}: ${event}`,
      ).toBe(true);
    for (const state of from)
      expect(
        all.some((one) => one.startsWith(`${state} `)),
        `${id}: ${state}`,
      ).toBe(true);
  }
});

it("an event that the chart does not have is no arrow", () => {
  expect(overviewArrowOf({ event: "PANIC", from: "held", to: "idle" })).toBeNull();
  expect(overviewArrowOf({ event: "GRANTED", from: "constructor", to: "held" })).toBeNull();
});

describe.each(["wide", "tall"] as const)("the %s overview", (shape) => {
  const layout = overviewLayouts[shape];

  it("has the six states with their substates, and no action", () => {
    const namesOf = (states: readonly ChartState[]) =>
      states.map(({ path, states }) => [path, states.map((one) => one.path.slice(path.length + 1)).sort()]);
    expect(layout.states.map(({ path, substates }) => [path, [...substates].sort()]).sort()).toEqual(
      namesOf(lock.states).sort(),
    );
    const words = drawOverview(layout).replace(/<title>[^<]*|<desc>[^<]*|<style>[^<]*|<[^>]*>/g, " ");
    for (const { entry } of lock.states) for (const action of entry) expect(words).not.toContain(action);
  });

  it("is well-formed, less than 550 px tall, and has every label inside, clear of all boxes and other labels", () => {
    expect(() => new Resvg(drawOverview(layout), { font: { loadSystemFonts: false } })).not.toThrow();
    expect(layout.height).toBeLessThan(shape === "wide" ? 500 : 550);
    const boxes = overviewArrows.map(({ id, label }) => {
      const [x, y] = layout.arrows[id].label;
      const width = widthOf(label, metrics.event) + 2 * metrics.labelPadding.x;
      const height = metrics.event.line + 2 * metrics.labelPadding.y;
      return { x: x - width / 2, y: y - height / 2, width, height };
    });
    const apart = (a: (typeof boxes)[number], b: (typeof boxes)[number]) =>
      a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
    boxes.forEach((box, index) => {
      const { label } = overviewArrows[index]!;
      expect(box.x, label).toBeGreaterThanOrEqual(0);
      expect(box.y, label).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width, label).toBeLessThanOrEqual(layout.width);
      expect(box.y + box.height, label).toBeLessThanOrEqual(layout.height);
      for (const other of boxes.slice(index + 1)) expect(apart(box, other), label).toBe(true);
      for (const state of layout.states) expect(apart(box, state), `${label} and ${state.path}`).toBe(true);
    });
  });

  it("has arrows that end at their states", () => {
    for (const { id, to } of overviewArrows) {
      const [x, y] = layout.arrows[id].points.at(-1)!;
      const box = layout.states.find(({ path }) => path === to)!;
      const onEdge =
        (x === box.x || x === box.x + box.width ? y > box.y && y < box.y + box.height : false) ||
        (y === box.y || y === box.y + box.height ? x > box.x && x < box.x + box.width : false);
      expect(onEdge, id).toBe(true);
    }
  });
});
