import { around, shownBy } from "../../../../src/charts/moved.js";
import { overviewStateOf } from "../../../../src/charts/overview.js";
import { formatDuration } from "../model/duration.js";
import { arrowOf, arrowsOf, type Drawn, layoutOf } from "./arrows.js";
import { type Heat, warmth } from "./heat.js";
import type { Highlight } from "./step-follower.js";

/** Changes a chart that is in the document already, so that what has the focus keeps it. */

const svgSpace = "http://www.w3.org/2000/svg";

/** Prepares a drawing: its arrows are buttons, and there is room for what heat tells of them. */
export function prepare(svg: SVGSVGElement, drawn: Drawn): void {
  svg.removeAttribute("role");
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  // The group around it has a name that says more.
  svg.querySelector(":scope > title")?.remove();
  const names = arrowsOf(drawn);
  svg.querySelectorAll<SVGGElement>(".edge").forEach((edge, index) => {
    if (drawn !== "overview") edge.dataset.arrow = names[index] ?? "";
    edge.setAttribute("role", "button");
    edge.setAttribute("tabindex", "0");
    const pill = edge.querySelector(".pill");
    if (pill !== null) edge.append(countBelow(pill as SVGRectElement, edge.dataset.arrow ?? ""));
  });
  for (const state of svg.querySelectorAll<SVGGElement>(".state")) {
    const box = state.querySelector("rect");
    if (box !== null) state.append(stayOf(box, drawn));
  }
}

/** Arrows above whose labels, and not below them, there is room. */
const above: ReadonlySet<string> = new Set(["acquire"]);

const textAt = (name: string, x: number, y: number): SVGTextElement => {
  const text = document.createElementNS(svgSpace, "text");
  text.setAttribute("class", name);
  text.setAttribute("x", String(x));
  text.setAttribute("y", String(y));
  text.setAttribute("text-anchor", "middle");
  return text;
};

const numberOf = (element: Element, name: string): number => Number(element.getAttribute(name));

function countBelow(pill: SVGRectElement, arrow: string): SVGTextElement {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => numberOf(pill, name));
  return textAt("count", x! + width! / 2, above.has(arrow) ? y! - 4 : y! + height! + 12);
}

/** In the overview it takes the place of the substates; in the full chart it stands below the box. */
function stayOf(box: SVGRectElement, drawn: Drawn): SVGTextElement {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => numberOf(box, name));
  return textAt("stay", x! + width! / 2, y! + height! + (drawn === "overview" ? -7 : 13));
}

/** Lights the state, and the arrow that led to it. */
export function light(svg: SVGSVGElement, drawn: Drawn, { state, step }: Highlight): void {
  const lit = new Set(drawn === "overview" ? [overviewStateOf(state), state] : around(state));
  for (const part of svg.querySelectorAll<SVGElement>("[data-state]")) {
    part.classList.toggle("lit", lit.has(part.dataset.state ?? ""));
  }
  for (const moved of svg.querySelectorAll(".moved")) moved.classList.remove("moved");
  if (step === null) return;
  const arrow = arrowOf(drawn, step);
  const edge =
    arrow === null
      ? null
      : [...svg.querySelectorAll<SVGElement>(".edge")].find(({ dataset }) => dataset.arrow === arrow);
  if (edge != null) {
    // Read, so that the arrow is animated again if it was the last one too.
    edge.getBoundingClientRect();
    edge.classList.add("moved");
    for (const text of edge.querySelectorAll<SVGElement>(".event")) {
      if (drawn === "overview" || text.dataset.event === step.event) text.classList.add("moved");
    }
    return;
  }
  const box = drawn !== "overview" ? shownBy(layoutOf(drawn), step) : null;
  if (box === null || !("path" in box)) return;
  const group = [...svg.querySelectorAll<SVGElement>(".state")].find(
    ({ dataset }) => dataset.state === box.path,
  );
  const notes = group?.querySelectorAll(".note") ?? [];
  box.notes.forEach(({ on }, index) => {
    if (on === step.event) notes[index]?.classList.add("moved");
  });
}

/** Shows how often each arrow was taken, and how long each state lasted; null: nothing of it. */
export function warm(svg: SVGSVGElement, heat: Heat | null): void {
  svg.classList.toggle("hot", heat !== null);
  const most = heat === null ? 0 : Math.max(0, ...heat.arrows.values());
  for (const edge of svg.querySelectorAll<SVGElement>(".edge")) {
    const count = heat?.arrows.get(edge.dataset.arrow ?? "") ?? 0;
    edge.dataset.heat = heat === null ? "" : String(warmth(count, most));
    const text = edge.querySelector(".count");
    if (text !== null) text.textContent = count === 0 ? "" : `${count.toLocaleString("en")} ×`;
  }
  for (const state of svg.querySelectorAll<SVGElement>(".state")) {
    const stays = heat?.stays.get(state.dataset.state ?? "");
    const text = state.querySelector(".stay");
    if (text === null) continue;
    text.textContent =
      stays === undefined
        ? ""
        : `${stays.count.toLocaleString("en")} × ${formatDuration(stays.total / stays.count)}`;
  }
}

/** Names the arrows for those who cannot see them, and marks the one that was picked. */
export function nameArrows(svg: SVGSVGElement, heat: Heat | null, picked: string | null): void {
  for (const edge of svg.querySelectorAll<SVGElement>(".edge")) {
    const { arrow = "" } = edge.dataset;
    const events = [...edge.querySelectorAll(".event")].map(({ textContent }) => textContent).join(", ");
    const times = heat === null ? "" : `, taken ${(heat.arrows.get(arrow) ?? 0).toLocaleString("en")} times`;
    edge.setAttribute("aria-label", `Arrow ${events}${times}: list its events`);
    edge.setAttribute("aria-pressed", String(arrow === picked));
  }
}
