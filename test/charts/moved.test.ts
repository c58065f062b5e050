import { describe, expect, it } from "vitest";
import { layOut } from "../../scripts/charts/lay-out.mjs";
import type { ChartLayout } from "../../src/charts/layout.js";
import { layouts } from "../../src/charts/layouts.js";
import { machines } from "../../src/charts/machines.js";
import * as sizes from "../../src/charts/metrics.js";
import { modelOf } from "../../src/charts/model.js";
import { shownBy } from "../../src/charts/moved.js";
import { everyKind } from "./support/every-kind.js";
import { stepsOf } from "./support/steps.js";

describe.each(Object.values(layouts))("of the $name", (layout) => {
  it.each(stepsOf(machines[layout.name]))("the chart shows the step from $from to $to on $event", (step) => {
    const shown = shownBy(layout, step);
    if (shown === null) throw new Error("it shows nothing");
    const isAround = (outer: string, inner: string) => outer === "" || `${inner}.`.startsWith(`${outer}.`);
    if ("labels" in shown) {
      expect(shown.labels.map(({ event }) => event)).toContain(step.event);
      expect(isAround(shown.from, step.from)).toBe(true);
      expect(isAround(shown.to, step.to)).toBe(true);
    } else {
      expect(shown.notes.map(({ on }) => on)).toContain(step.event);
      expect(step.to).toBe(step.from);
      expect(isAround(shown.path, step.from)).toBe(true);
    }
  });
});

it("the chart shows a step to the state itself, to its parent, and into it", async () => {
  const layout = await layOut(modelOf(everyKind), sizes);
  for (const step of stepsOf(everyKind))
    expect(shownBy(layout, step)).toMatchObject({ labels: [{ event: step.event }] });
});

describe("of the node", () => {
  const shown = (event: string, from: string, to: string) => shownBy(layouts.node, { event, from, to });

  it("a transition of every state is shown by its single arrow", () => {
    expect(shown("FORGOT", "ready", "quarantined")).toMatchObject({ from: "", to: "quarantined" });
  });

  it("a state's own transition takes precedence over that of every state", () => {
    expect(shown("REMEMBERED", "quarantined", "ready")).toMatchObject({ from: "quarantined", to: "ready" });
    expect(shown("REMEMBERED", "ready", "ready")).toMatchObject({ path: "" });
  });

  it("a step that stays in a state is shown by its box", () => {
    expect(shown("REMEMBERED", "suspect", "suspect")).toMatchObject({ path: "" });
    expect(shown("UNRESPONSIVE", "suspect", "unresponsive")).toMatchObject({
      from: "suspect",
      to: "unresponsive",
    });
  });

  it("an impossible step is not shown", () => {
    expect(shown("SILENT", "ready", "quarantined")).toBeNull();
    expect(shown("CONNECTED", "ready", "ready")).toBeNull();
    expect(shown("SILENT", "__proto__", "constructor")).toBeNull();
  });
});

it("of two arrows for one step that of the inner state is used, as in the machine", () => {
  const box = { x: 0, y: 0, width: 1, height: 1 };
  const state = (path: string, initial: string | null) => ({ ...box, path, initial, notes: [] });
  const labels = [{ event: "GO", guard: null, actions: [] }];
  const edge = (from: string) => ({ from, to: "c", points: [], label: box, labels });
  const layout: ChartLayout = {
    name: "lock",
    width: 1,
    height: 1,
    states: [state("a", "a.b"), state("a.b", null), state("c", null)],
    starts: [],
    edges: [edge(""), edge("a"), edge("a.b")],
  };
  expect(shownBy(layout, { event: "GO", from: "a.b", to: "c" })).toMatchObject({ from: "a.b" });
  expect(shownBy(layout, { event: "GO", from: "a.z", to: "c" })).toMatchObject({ from: "a" });
  expect(shownBy(layout, { event: "GO", from: "c", to: "c" })).toMatchObject({ from: "" });
});
