import { drawArrow } from "./arrow.js";
import type { Point } from "./layout.js";
import { metrics, widthOf } from "./metrics.js";
import { type OverviewArrow, type OverviewLayout, overviewArrows } from "./overview.js";
import { chartStyle, overviewStyle, type Theme } from "./style.js";
import { toneOf } from "./tones.js";
import { element, text } from "./xml.js";

export interface DrawOverviewOptions {
  /** "none": without a style element, for a page that includes `chartStyle` already. Default: "auto". */
  readonly theme?: Theme | "none" | undefined;
  /** Further content, as escaped SVG, that is drawn above the chart. Default: none. */
  readonly extra?: readonly string[] | undefined;
  /** Further style. Default: none. */
  readonly style?: string | undefined;
  /** Height in px that is added below the chart. Default: 0. */
  readonly below?: number | undefined;
  readonly title?: string | undefined;
}

const describe = ({ from, to, events }: OverviewArrow): string =>
  `${from.join(" or ")} goes to ${to} on ${events.join(", ")}.`;

/** Draws the overview of the lock's chart as an `<svg>` document. The same arguments give the same text. */
export function drawOverview(
  layout: OverviewLayout,
  {
    theme = "auto",
    extra = [],
    style = "",
    below = 0,
    title = "Overview of the state chart of a lock",
  }: DrawOverviewOptions = {},
): string {
  const { shape, width, lease } = layout;
  const height = layout.height + below;
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    class: "chart overview",
    "data-chart": "overview",
    "data-shape": shape,
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
  };
  return `${element("svg", attributes, [
    element("title", {}, text(title)),
    element("desc", {}, text(overviewArrows.map(describe).join(" "))),
    ...(theme === "none" ? [] : [element("style", {}, chartStyle(theme) + overviewStyle(theme) + style)]),
    element("rect", { class: "canvas", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 14 }),
    element("g", { class: "lease" }, [
      element("rect", { ...lease, rx: 14 }),
      element("text", { class: "sub", x: lease.x + 14, y: lease.y + 19 }, "a lease is held"),
    ]),
    ...layout.states.map(drawState),
    element("g", { class: "start" }, [
      ...drawArrow(layout.start),
      element("circle", {
        class: "dot",
        cx: layout.start[0]?.[0] ?? 0,
        cy: layout.start[0]?.[1] ?? 0,
        r: metrics.dot,
      }),
    ]),
    ...overviewArrows.map((arrow) => {
      const { points, label } = layout.arrows[arrow.id];
      return drawEdge(arrow, points, label);
    }),
    ...extra,
  ])}\n`;
}

/** Distances in px from the top of a box to the baselines of its name and of its substates. */
const baselines = { name: 22, substates: 41 };

function drawState({ path, substates, x, y, width, height }: OverviewLayout["states"][number]): string {
  const middle = x + width / 2;
  const name = substates.length === 0 ? y + height / 2 + 5 : y + baselines.name;
  return element("g", { class: `state leaf ${toneOf(path)}`, "data-state": path }, [
    element("rect", { x, y, width, height, rx: 10 }),
    element("text", { class: "name", x: middle, y: name, "text-anchor": "middle" }, text(path)),
    ...(substates.length === 0
      ? []
      : [
          element(
            "text",
            { class: "sub", x: middle, y: y + baselines.substates, "text-anchor": "middle" },
            substates
              .map((sub) => element("tspan", { "data-state": `${path}.${sub}` }, text(sub)))
              .join(" · "),
          ),
        ]),
  ]);
}

function drawEdge(arrow: OverviewArrow, points: readonly Point[], [x, y]: Point): string {
  const { event, labelPadding } = metrics;
  const width = widthOf(arrow.label, event) + 2 * labelPadding.x;
  const height = event.line + 2 * labelPadding.y;
  return element("g", { class: "edge", "data-arrow": arrow.id }, [
    element("title", {}, text(describe(arrow))),
    ...drawArrow(points),
    element("rect", { class: "pill", x: x - width / 2, y: y - height / 2, width, height, rx: 6 }),
    element("text", { class: "event", x, y: y + 4, "text-anchor": "middle" }, text(arrow.label)),
  ]);
}
