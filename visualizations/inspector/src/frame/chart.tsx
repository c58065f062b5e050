import { useMemo } from "preact/hooks";
import { drawChart } from "../../../../src/charts/draw.js";
import { type ChartName, layouts } from "../../../../src/charts/layouts.js";

interface Props {
  readonly name: ChartName;
  readonly state: string;
  /** The step that led to the state, when there was one. */
  readonly moved: { readonly event: string; readonly from: string; readonly to: string } | null;
  readonly label: string;
}

/** A machine's chart with the current state lit. Its style is the document's: see chart-style.ts. */
export function Chart({ name, state, moved, label }: Props) {
  const svg = useMemo(
    () => drawChart(layouts[name], { state, theme: "none", ...(moved === null ? {} : { moved }) }),
    [name, state, moved],
  );
  return (
    <div
      class="chart"
      role="img"
      aria-label={label}
      data-chart={name}
      data-lit={state}
      // Escaped where it is drawn.
      // biome-ignore lint/security/noDangerouslySetInnerHtml: it is made by the function above alone
      dangerouslySetInnerHTML={{ __html: svg }}
    />
  );
}
