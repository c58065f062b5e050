import { describe, expect, it } from "vitest";
import type { AnyStateMachine } from "xstate";
import { layOut } from "../../scripts/charts/lay-out.mjs";
import type { Box, ChartLayout, Point } from "../../src/charts/layout.js";
import { layouts } from "../../src/charts/layouts.js";
import { machines } from "../../src/charts/machines.js";
import * as sizes from "../../src/charts/metrics.js";
import { modelOf } from "../../src/charts/model.js";
import { describedBy } from "./support/described.js";
import { everyKind } from "./support/every-kind.js";

const { labelText, metrics, noteText, titleOf, widthOf } = sizes;

const all: [what: string, ChartLayout, AnyStateMachine][] = [
  ...Object.values(layouts).map((layout): (typeof all)[number] => [
    `the ${layout.name}`,
    layout,
    machines[layout.name],
  ]),
  ["a machine with every kind of transition", await layOut(modelOf(everyKind), sizes), everyKind],
];

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const isWithin = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** The segments of a line, as boxes without width or height. */
const piecesOf = (points: readonly Point[]): Box[] =>
  points.slice(1).map(([x, y], index) => {
    const [beforeX, beforeY] = points[index]!;
    return {
      x: Math.min(x, beforeX),
      y: Math.min(y, beforeY),
      width: Math.abs(x - beforeX),
      height: Math.abs(y - beforeY),
    };
  });

/** All pairs of different elements. */
const pairs = <One>(all: readonly One[]): [One, One][] =>
  all.flatMap((one, index) => all.slice(index + 1).map((other): [One, One] => [one, other]));

const leavesOf = ({ states }: ChartLayout) => states.filter(({ initial }) => initial === null);
const parentsOf = ({ states }: ChartLayout) => states.filter(({ initial }) => initial !== null);

describe.each(all)("the layout of %s", (_, layout, machine) => {
  const { transitions } = describedBy(machine);
  const lines = [...layout.edges, ...layout.starts].map(({ points, to }) => ({
    to,
    pieces: piecesOf(points),
  }));

  it("has its own name", () => expect(layout.name).toBe(machine.id));

  it("has an edge or a note for every transition, and nothing else", () => {
    const shown = [
      ...layout.edges.flatMap(({ from, to, labels }) => labels.map((label) => ({ from, to, ...label }))),
      ...layout.states.flatMap(({ path, notes }) =>
        notes
          .filter(({ on }) => on !== "entry" && on !== "exit")
          .map(({ on, guard, actions }) => ({ from: path, to: null, event: on, guard, actions })),
      ),
    ];
    const sorted = (all: readonly object[]) =>
      all.map((one) => JSON.stringify(Object.entries(one).sort())).sort();
    expect(sorted(shown)).toEqual(sorted(transitions.map(({ reenter: _, ...rest }) => rest)));
  });

  it("has at most one edge from one state to another", () => {
    const ways = layout.edges.map(({ from, to }) => `${from} to ${to}`);
    expect(new Set(ways).size).toBe(ways.length);
  });

  it("keeps everything on the canvas", () => {
    const canvas = { x: 0, y: 0, width: layout.width, height: layout.height };
    const boxes = [
      ...layout.states,
      ...layout.edges.map(({ label }) => label),
      ...lines.flatMap(({ pieces }) => pieces),
    ];
    for (const box of boxes) expect(isWithin(box, canvas)).toBe(true);
  });

  it("is not wider than a README shows it", () => expect(layout.width).toBeLessThanOrEqual(880));

  it("has its initial state on top", () => {
    const first = layout.states.find(({ path }) => path === machine.config.initial);
    for (const { y } of layout.states) expect(y).toBeGreaterThanOrEqual(first?.y ?? Number.NaN);
  });

  it("puts a state inside its parent, and beside all others", () => {
    for (const [a, b] of pairs(layout.states)) {
      if (b.path.startsWith(`${a.path}.`)) expect(isWithin(b, a)).toBe(true);
      else expect([a.path, b.path, overlap(a, b)]).toEqual([a.path, b.path, false]);
    }
  });

  it("has no labels that overlap labels or states", () => {
    for (const [a, b] of pairs(layout.edges)) expect(overlap(a.label, b.label)).toBe(false);
    for (const { label } of layout.edges)
      for (const leaf of leavesOf(layout)) expect(overlap(label, leaf)).toBe(false);
  });

  it("leads no arrow across another arrow's label, a state, or the name of a parent state", () => {
    const titles = parentsOf(layout).map(({ path, x, y }) => ({
      x,
      y,
      width: metrics.statePadding.x + widthOf(titleOf(path), metrics.name),
      height: metrics.statePadding.y + metrics.name.line,
    }));
    layout.edges.forEach(({ label }, index) => {
      for (const [other, { pieces }] of lines.entries())
        if (other !== index) for (const piece of pieces) expect(overlap(piece, label)).toBe(false);
    });
    for (const { pieces } of lines)
      for (const piece of pieces)
        for (const box of [...leavesOf(layout), ...titles]) expect(overlap(piece, box)).toBe(false);
  });

  it("draws arrows with right angles only, from border to border", () => {
    for (const { pieces } of lines)
      for (const { width, height } of pieces) expect(Math.min(width, height)).toBe(0);
    const isOn = ([x, y]: Point, box: Box) =>
      isWithin({ x, y, width: 0, height: 0 }, box) &&
      (y === box.y ||
        Math.abs(y - box.y - box.height) < 0.2 ||
        x === box.x ||
        Math.abs(x - box.x - box.width) < 0.2);
    const boxOf = (path: string) => layout.states.find((state) => state.path === path)!;
    for (const { from, to, points } of layout.edges) {
      expect(isOn(points[0]!, boxOf(from))).toBe(true);
      expect(isOn(points.at(-1)!, boxOf(to))).toBe(true);
    }
  });

  it("has boxes that fit their text in the widest font", () => {
    for (const { path, notes, width, height } of layout.states) {
      const texts = [
        widthOf(titleOf(path), metrics.name),
        ...notes.map((note) => widthOf(noteText(note), metrics.note)),
      ];
      expect(width).toBeGreaterThanOrEqual(Math.max(...texts) + metrics.statePadding.x);
      expect(height).toBeGreaterThanOrEqual(metrics.name.line + notes.length * metrics.note.line);
    }
    for (const { label, labels } of layout.edges) {
      expect(label.width).toBeGreaterThan(
        Math.max(...labels.map((one) => widthOf(labelText(one), metrics.event))),
      );
      expect(label.height).toBeGreaterThanOrEqual(labels.length * metrics.event.line);
    }
  });
});
