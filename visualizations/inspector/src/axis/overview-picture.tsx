import type { OverviewView } from "../../../../src/inspector/axis/overview.js";
import type { Incident } from "../../../../src/inspector/incidents/incident.js";

interface Props {
  readonly overview: OverviewView;
  readonly incidents: readonly Incident[];
  readonly from: number;
  readonly to: number;
  /** The time that is shown; null if it is the present. */
  readonly at: number | null;
}

/** Heights in px. */
const chartHeight = 34;
const tickHeight = 8;
const bandHeight = 4;
const maxBands = 8;
const width = 1_000;

/** Acquisitions and losses a second, waiters, the nodes' states as bands, and incidents as ticks. */
export function OverviewPicture({ overview, incidents, from, to, at }: Props) {
  const { bucket, acquired, lost, waiting, nodes } = overview;
  const x = (time: number) => ((time - from) / Math.max(1, to - from)) * width;
  const seconds = bucket / 1_000;
  const most = Math.max(1, ...acquired, ...lost);
  const mostWaiting = Math.max(1, ...waiting);
  const y = (value: number, max: number) => chartHeight - (value / max) * (chartHeight - 2);
  const points = (values: readonly number[], max: number) =>
    values
      .map((value, index) => `${x(overview.from + index * bucket).toFixed(1)},${y(value, max).toFixed(1)}`)
      .join(" ");
  const bands = nodes.slice(0, maxBands);
  const ticks = incidents.filter(({ time }) => time >= from && time <= to);
  const height = chartHeight + tickHeight + bands.length * bandHeight;
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
  const label =
    `${sum(acquired)} acquisitions (at most ${(most / seconds).toFixed(1)} a second), ${sum(lost)} losses, ` +
    `at most ${Math.max(0, ...waiting)} waiting, ${ticks.length} incidents`;
  const end = x(overview.from + acquired.length * bucket).toFixed(1);
  return (
    <svg
      class="overview"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      height={height}
      preserveAspectRatio="none"
    >
      <polygon
        class="axis-acquired"
        points={`${x(overview.from).toFixed(1)},${chartHeight} ${points(acquired, most)} ${end},${chartHeight}`}
      />
      <polyline class="axis-waiting" points={points(waiting, mostWaiting)} />
      {lost.map(
        (value, index) =>
          value > 0 && (
            <rect
              key={overview.from + index * bucket}
              class="axis-lost"
              x={x(overview.from + index * bucket)}
              width={Math.max(2, (bucket / Math.max(1, to - from)) * width)}
              y={y(value, most)}
              height={chartHeight - y(value, most)}
            />
          ),
      )}
      {ticks.map(({ id, kind, time }) => (
        <line
          key={id}
          class="axis-tick"
          data-incident={kind}
          x1={x(time)}
          x2={x(time)}
          y1={chartHeight}
          y2={chartHeight + tickHeight}
        />
      ))}
      {bands.map(({ name, spans }, row) =>
        spans.map(({ time, state }, index) => (
          <rect
            key={`${name} ${time} ${state}`}
            class="axis-band"
            data-node-state={state}
            x={Math.max(0, x(time))}
            width={Math.max(0, x(spans[index + 1]?.time ?? to) - Math.max(0, x(time)))}
            y={chartHeight + tickHeight + row * bandHeight}
            height={bandHeight - 1}
          />
        )),
      )}
      {at !== null && <line class="axis-now" x1={x(at)} x2={x(at)} y1="0" y2={height} />}
    </svg>
  );
}
