import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { drawChart } from "../../../../src/charts/draw.js";
import { nodeLayout } from "../../../../src/charts/layouts.js";
import { showLit } from "../chart/show-lit.js";

interface Props {
  readonly state: string;
  /** The step that led to the state, if it was observed. */
  readonly moved: { readonly event: string; readonly from: string; readonly to: string } | null;
  readonly label: string;
}

/** The chart of a node with the current state highlighted. The document contains its style: see chart-style.ts. */
export function NodeChart({ state, moved, label }: Props) {
  const svg = useMemo(
    () => drawChart(nodeLayout, { state, theme: "none", ...(moved === null ? {} : { moved }) }),
    [state, moved],
  );
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (frame.current !== null) showLit(frame.current);
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
