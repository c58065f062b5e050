import { medians } from "../stats.mjs";
import { counted, figure, named, percent, ranged, table } from "./format.mjs";

const columns = [
  ["nodes", ({ cell, first }) => (first ? cell.nodes : "")],
  ["system", ({ name }) => named(name)],
  [
    "in use",
    ({ rounds }) =>
      ranged(
        rounds.map(({ utilisation }) => utilisation),
        percent,
      ),
  ],
  ["leases/s", ({ middle, duration }) => figure(middle.leases / (duration / 1_000))],
  ["hand-over p50, ms", ({ rounds }) => ranged(rounds.map(({ handoverP50 }) => handoverP50))],
  ["p99, ms", ({ middle }) => figure(middle.handoverP99)],
  ["wait p50, ms", ({ middle }) => figure(middle.waitP50)],
  ["p99, ms", ({ middle }) => figure(middle.waitP99)],
  ["longest, ms", ({ rounds }) => ranged(rounds.map(({ longest }) => longest))],
  ["share, least–most", ({ middle }) => `${percent(middle.leastShare)}–${percent(middle.mostShare)}`],
  ["failed", ({ rounds }) => rounds.reduce((sum, { failures }) => sum + failures, 0)],
  ["overlaps", ({ rounds }) => rounds.reduce((sum, { overlaps }) => sum + overlaps, 0)],
];

/** The set-up of a cell. `shared` is absent in the raw results of earlier versions. */
export const setUpOf = ({ processes, shared }) =>
  processes > 1 ? `${processes} processes` : shared ? "one process, one manager" : "one process";

const headings = {
  "one process, one manager": "One process, one manager",
  "one process": "One process, a manager for each contender",
};

export function contentionReport({ contenders, ttl, hold, think, warmUp, duration, rounds, cells }) {
  const warmed =
    warmUp === undefined
      ? ""
      : ` Before each round, the contenders have contended for another resource for ${warmUp / 1_000} s, because code that has just been loaded runs several times as slowly.`;
  const parts = [
    "### b. Contention",
    `${contenders} contenders for one resource, each with its own connections and its own manager unless the heading says otherwise; hold ${hold} ms, think ${think} ms, started 1 ms apart, ttl ${ttl / 1_000} s; ${counted(rounds, "round")} of ${duration / 1_000} s.${warmed} In use: the time from the grant to the call of release, summed, of all time. A hand-over runs from that call to the next holder, on the clock that all processes share. A wait runs from the call to the grant, and counts also when the round ends first. An even share is ${percent(1 / contenders)}. Overlaps: leases granted before the previous lease was given up; must be 0. Peers retry without limit; rows with ms use that retry delay instead of the default, and the better of the two delays gets all rounds.`,
  ];
  for (const setUp of new Set(cells.map(setUpOf))) {
    const rows = cells
      .filter((cell) => setUpOf(cell) === setUp)
      .flatMap((cell) =>
        Object.entries(cell.results).map(([name, results], index) => ({
          cell,
          name,
          rounds: results,
          middle: medians(results),
          duration,
          first: index === 0,
        })),
      );
    parts.push(`#### ${headings[setUp] ?? setUp}`, table(rows, columns, 2));
  }
  return parts;
}
