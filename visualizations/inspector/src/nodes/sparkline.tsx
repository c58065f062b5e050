import type { NodeActivity } from "../../../../src/inspector/feed/node-activity.js";
import { formatLatency } from "../model/duration.js";

const size = { width: 96, height: 22 };

/** The latencies of the last minute as a small line: p50, and p99 above it. */
export function Sparkline({ latencies }: Pick<NodeActivity, "latencies">) {
  const most = Math.max(0.1, ...latencies.map(({ p99 }) => p99 ?? 0));
  const last = latencies.at(-1);
  const line = (which: "p50" | "p99") =>
    latencies
      .flatMap((one, index) => {
        const value = one[which];
        if (value === null) return [];
        const x = latencies.length < 2 ? size.width : (index / (latencies.length - 1)) * size.width;
        return [`${x.toFixed(1)},${(size.height - 2 - (value / most) * (size.height - 4)).toFixed(1)}`];
      })
      .join(" ");
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${size.width} ${size.height}`}
      width={size.width}
      height={size.height}
      role="img"
      aria-label={`p50 ${formatLatency(last?.p50 ?? null)}, p99 ${formatLatency(last?.p99 ?? null)}`}
    >
      <polyline class="p99" points={line("p99")} />
      <polyline class="p50" points={line("p50")} />
    </svg>
  );
}
