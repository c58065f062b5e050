import type { Totals } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { formatClock } from "../model/duration.js";
import { hashOf } from "../model/route.js";

const shown: readonly (readonly [keyof Totals, string])[] = [
  ["acquired", "acquired"],
  ["retries", "retries"],
  ["renewed", "renewed"],
  ["released", "released"],
  ["failed", "failed"],
  ["quorumLost", "quorum lost"],
  ["expired", "expired"],
];

/** Totals that are bad news as soon as they exceed 0. */
const bad: ReadonlySet<keyof Totals> = new Set(["quorumLost", "expired"]);

export function TotalsLine() {
  const { totals, acquiredRate, aggregate } = useInspector();
  const processes = [...aggregate.value.current.sources.values()].filter(({ closed }) => !closed).length;
  const rate = acquiredRate.value;
  const { counts, since } = totals.value;
  return (
    <dl class="totals">
      <div>
        <dt>{processes === 1 ? "process" : "processes"}</dt>
        <dd>{processes}</dd>
      </div>
      {shown.map(([name, label]) => (
        <div key={name} data-total={name} data-bad={bad.has(name) && counts[name] > 0}>
          <dt>{label}</dt>
          <dd>
            {bad.has(name) && counts[name] > 0 ? (
              <a href={hashOf({ view: "incidents" })} aria-label={`${counts[name]} ${label}: show why`}>
                {counts[name].toLocaleString("en")}
              </a>
            ) : (
              counts[name].toLocaleString("en")
            )}
          </dd>
        </div>
      ))}
      {rate !== null && (
        <div data-total="rate">
          <dt>acquired/s</dt>
          <dd>{rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en")}</dd>
        </div>
      )}
      {since !== null && (
        <div data-total="since">
          <dt>counted since</dt>
          <dd>{formatClock(since).slice(0, 8)}</dd>
        </div>
      )}
    </dl>
  );
}
