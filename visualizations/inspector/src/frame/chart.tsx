import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { drawChart } from "../../../../src/charts/draw.js";
import type { ChartName } from "../../../../src/charts/layout.js";
import { layouts } from "../../../../src/charts/layouts.js";

interface Props {
  readonly name: ChartName;
  readonly state: string;
  /** The step that led to the state, when there was one. */
  readonly moved: { readonly event: string; readonly from: string; readonly to: string } | null;
  readonly label: string;
  /** Made so small that all of it is in sight. Default: as large as can be read. */
  readonly whole?: boolean;
}

/** px around the lit state that are to be in sight too. */
const margin = 48;

/** Scrolls as little as brings the lit state into sight. */
function follow(frame: HTMLElement): void {
  const lit = frame.querySelector(".leaf.lit")?.getBoundingClientRect();
  if (lit === undefined) return;
  const seen = frame.getBoundingClientRect();
  const beyond = (from: number, to: number, start: number, end: number) =>
    from < start + margin ? from - start - margin : Math.max(0, to - end + margin);
  const left = beyond(lit.left, lit.right, seen.left, seen.right);
  const top = beyond(lit.top, lit.bottom, seen.top, seen.bottom);
  if (left === 0 && top === 0) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  frame.scrollBy({ left, top, behavior: still ? "instant" : "smooth" });
}

/** A machine's chart with the current state lit. Its style is the document's: see chart-style.ts. */
export function Chart({ name, state, moved, label, whole = false }: Props) {
  const svg = useMemo(
    () => drawChart(layouts[name], { state, theme: "none", ...(moved === null ? {} : { moved }) }),
    [name, state, moved],
  );
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (frame.current !== null) follow(frame.current);
  }, [name, state, whole]);
  return (
    <div
      ref={frame}
      class="chart-frame"
      role="img"
      aria-label={label}
      data-chart={name}
      data-lit={state}
      data-whole={whole}
      // Escaped where it is drawn.
      dangerouslySetInnerHTML={{ __html: svg }}
    />
  );
}
