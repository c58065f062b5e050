import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { drawChart } from "../../../../src/charts/draw.js";
import { drawOverview } from "../../../../src/charts/draw-overview.js";
import { overviewLayouts } from "../../../../src/charts/overview.js";
import { useWidth } from "../list/use-width.js";
import { type Drawn, layoutOf } from "./arrows.js";
import { chartView } from "./chart-view.js";
import type { Heat } from "./heat.js";
import { light, nameArrows, prepare, warm } from "./mark-chart.js";
import type { StepFollower } from "./step-follower.js";
import { usePan } from "./use-pan.js";

/** Width in px below which the overview stands upright, so that its text stays readable. */
const narrow = 860;

interface Props {
  readonly drawn: Drawn;
  readonly follower: StepFollower;
  readonly heat: Heat | null;
  readonly picked: string | null;
  readonly onPick: (arrow: string) => void;
}

/** The lock's chart. The drawing stays in the document; only what changes is changed. */
export function Picture({ drawn, follower, heat, picked, onPick }: Props) {
  const frame: RefObject<HTMLDivElement> = useRef(null);
  const { level, zoom } = chartView.value;
  const width = useWidth(frame);
  const shape = width > 0 && width < narrow ? "tall" : "wide";
  const drawing = useMemo(
    () =>
      drawn === "overview"
        ? drawOverview(overviewLayouts[shape], { theme: "none" })
        : drawChart(layoutOf(drawn), { theme: "none" }),
    [drawn, shape],
  );
  const highlight = follower.lit.value;
  const svgOf = () => frame.current?.querySelector("svg") ?? null;
  useLayoutEffect(() => {
    const svg = svgOf();
    if (svg !== null) prepare(svg, drawn);
  }, [drawing]);
  useLayoutEffect(() => {
    const svg = svgOf();
    if (svg === null || frame.current === null) return;
    light(svg, drawn, highlight);
    // Counts, because two steps may lead to the same state.
    frame.current.dataset.step = String(Number(frame.current.dataset.step ?? 0) + 1);
  }, [drawing, highlight]);
  useLayoutEffect(() => {
    const svg = svgOf();
    if (svg === null) return;
    warm(svg, heat);
    nameArrows(svg, heat, picked);
  }, [drawing, heat, picked]);
  usePan(frame, drawn, drawing, highlight);

  const pick = (event: Event) => {
    const edge = event.target instanceof Element ? event.target.closest<SVGElement>(".edge") : null;
    if (edge?.dataset.arrow !== undefined) onPick(edge.dataset.arrow);
    return edge !== null;
  };
  return (
    // The arrows inside are buttons; a full chart is moved with the arrow keys, as any region that scrolls.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
    <div
      ref={frame}
      class="chart-frame"
      role="group"
      aria-label={`The lock's chart; it is ${highlight.state}`}
      tabIndex={level === "full" ? 0 : -1}
      data-chart="lock"
      data-level={level}
      data-lit={highlight.state}
      data-zoom={level === "full" ? (zoom ?? "whole") : "whole"}
      onClick={pick}
      onKeyDown={(event) => {
        if ((event.key === "Enter" || event.key === " ") && pick(event)) event.preventDefault();
      }}
      // `drawChart` and `drawOverview` escape all text.
      dangerouslySetInnerHTML={{ __html: drawing }}
    />
  );
}
