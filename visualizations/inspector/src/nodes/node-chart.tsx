import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { drawChart } from "../../../../src/charts/draw.js";
import { nodeLayout } from "../../../../src/charts/layouts.js";

interface Props {
  readonly state: string;
  /** The step that led to the state, if it was observed. */
  readonly moved: { readonly event: string; readonly from: string; readonly to: string } | null;
  readonly label: string;
}

/** Margin in px around the highlighted state that should be visible too. */
const margin = 48;

/** Scrolls as little as needed to show the highlighted state. */
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

/** The chart of a node with the current state highlighted. The document contains its style: see chart-style.ts. */
export function NodeChart({ state, moved, label }: Props) {
  const svg = useMemo(
    () => drawChart(nodeLayout, { state, theme: "none", ...(moved === null ? {} : { moved }) }),
    [state, moved],
  );
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (frame.current !== null) follow(frame.current);
  }, [state]);
  return (
    <div
      ref={frame}
      class="chart-frame"
      role="img"
      aria-label={label}
      data-chart="node"
      data-lit={state}
      // `drawChart` escapes all text.
      dangerouslySetInnerHTML={{ __html: svg }}
    />
  );
}
