import { drawArrow } from "./arrow.js";
import type { ChartLayout, Edge, EdgeLabel, Point, StateBox } from "./layout.js";
import { guardText, metrics, noteText, titleOf } from "./metrics.js";
import { around, type Moved, shownBy } from "./moved.js";
import { chartStyle, type Theme } from "./style.js";
import { toneOf } from "./tones.js";
import { type Attributes, element, text } from "./xml.js";

export interface DrawOptions {
  /** Path of the state to highlight, together with its parents: "acquiring.asking". Default: none. */
  readonly state?: string | undefined;
  /** The step whose arrow to highlight. Default: none. */
  readonly moved?: Moved | undefined;
  /** "none": without a style element, for a page that includes `chartStyle` already. Default: "auto". */
  readonly theme?: Theme | "none" | undefined;
}

/** Draws a chart as an `<svg>` document. The same arguments give the same text. */
export function drawChart(layout: ChartLayout, { state, moved, theme = "auto" }: DrawOptions = {}): string {
  const { name, width, height } = layout;
  const lit = new Set(state === undefined ? [] : around(state).filter((path) => path !== ""));
  const shown = moved === undefined ? null : shownBy(layout, moved);
  const movedOn = (part: Edge | StateBox) => (part === shown ? (moved?.event ?? null) : null);
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    class: "chart",
    "data-chart": name,
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
  };
  return `${element("svg", attributes, [
    element("title", {}, text(`State chart of the ${name}${state === undefined ? "" : `: ${state}`}`)),
    element("desc", {}, text(layout.edges.map(sentence).join(" "))),
    ...(theme === "none" ? [] : [element("style", {}, chartStyle(theme))]),
    element("rect", { class: "canvas", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 14 }),
    ...layout.states.map((box) => drawState(box, lit.has(box.path), movedOn(box))),
    ...layout.starts.map(({ points }) => drawStart(points)),
    ...layout.edges.map((edge) => drawEdge(edge, movedOn(edge))),
  ])}\n`;
}

const sentence = ({ from, to, labels }: Edge): string =>
  `${from === "" ? titleOf(from) : from} goes to ${to} on ${labels.map(({ event }) => event).join(", ")}.`;

const classes = (...names: readonly (string | false)[]): string => names.filter(Boolean).join(" ");

function drawState(box: StateBox, isLit: boolean, movedOn: string | null): string {
  const { path, initial, notes, x, y, width, height } = box;
  const { name, note, statePadding } = metrics;
  const kind = path === "" ? "any" : initial === null ? "leaf" : "parent";
  const middle = x + width / 2;
  const at = (line: number): Attributes =>
    kind === "parent" ? { x: x + statePadding.x, y: line } : { x: middle, y: line, "text-anchor": "middle" };
  const top = y + statePadding.y;
  return element("g", { class: classes("state", kind, toneOf(path), isLit && "lit"), "data-state": path }, [
    element("rect", { x, y, width, height, rx: 10 }),
    element("text", { class: "name", ...at(top + name.size) }, text(titleOf(path))),
    ...notes.map((one, index) =>
      element(
        "text",
        {
          class: classes("note", one.on === movedOn && "moved"),
          ...at(top + name.line + index * note.line + note.size),
        },
        text(noteText(one)),
      ),
    ),
  ]);
}

function drawStart(points: readonly Point[]): string {
  const [[x, y] = [0, 0]] = points;
  return element("g", { class: "start" }, [
    ...drawArrow(points),
    element("circle", { class: "dot", cx: x, cy: y, r: metrics.dot }),
  ]);
}

function drawEdge({ from, to, points, label, labels }: Edge, movedOn: string | null): string {
  const attributes = {
    class: classes("edge", movedOn !== null && "moved"),
    "data-event": labels.map(({ event }) => event).join(" "),
    "data-from": from,
    "data-to": to,
  };
  const { x, y, width, height } = label;
  const { event, labelPadding } = metrics;
  const baseline = (index: number) => y + labelPadding.y + index * event.line + event.size + 1;
  return element("g", attributes, [
    element("title", {}, text(labels.map(labelText).join("\n"))),
    ...drawArrow(points),
    element("rect", { class: "pill", x, y, width, height, rx: 6 }),
    ...labels.map((one, index) =>
      element(
        "text",
        {
          class: classes("event", one.event === movedOn && "moved"),
          x: x + width / 2,
          y: baseline(index),
          "text-anchor": "middle",
          // Without this, some programs drop the space before the guard.
          "xml:space": "preserve",
          "data-event": one.event,
        },
        text(one.event) +
          (one.guard === null ? "" : element("tspan", { class: "guard" }, text(` ${guardText(one.guard)}`))),
      ),
    ),
  ]);
}

const labelText = ({ event, guard, actions }: EdgeLabel): string =>
  [
    event,
    ...(guard === null ? [] : [guardText(guard)]),
    ...(actions.length === 0 ? [] : ["/", actions.join(", ")]),
  ].join(" ");
