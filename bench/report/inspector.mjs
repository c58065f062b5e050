import { goals, variants } from "../inspector/variants.mjs";
import { median } from "../stats.mjs";
import { environmentReport } from "./environment.mjs";
import { counted, figure, percent, ranged, table } from "./format.mjs";

/** Compares with the first variant round by round, so that a temporary slowdown of the machine affects both values. */
function cost(rounds, name, field) {
  const ratios = rounds[name].map((round, index) => round[field] / rounds.without[index][field]);
  return name === "without" ? null : median(ratios) - 1;
}

const signed = (share) => (share === null ? "" : `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`);

function goalOf(name, pairs) {
  if (goals[name] === undefined) return "";
  return `${pairs >= -goals[name] ? "met" : "**missed**"}: −${percent(goals[name])} at most`;
}

export function inspectorReport({ environment, callers, rounds, duration, cells }) {
  const rows = cells.flatMap(({ nodes, results }) =>
    Object.keys(results).map((name, index) => {
      const pairs = cost(results, name, "throughput");
      return {
        nodes: index === 0 ? nodes : "",
        title: variants[name].title,
        throughput: ranged(results[name].map(({ throughput }) => throughput)),
        pairs: signed(pairs),
        cpu: figure(median(results[name].map(({ cpu }) => cpu))),
        cpuCost: signed(cost(results, name, "cpu")),
        goal: pairs === null ? "" : goalOf(name, pairs),
      };
    }),
  );
  const columns = [
    ["nodes", (row) => row.nodes],
    ["variant", (row) => row.title],
    ["pairs/s", (row) => row.throughput],
    ["to the first", (row) => row.pairs],
    ["CPU, µs", (row) => row.cpu],
    ["to the first", (row) => row.cpuCost],
    ["goal", (row) => row.goal],
  ];
  return [
    environmentReport(environment),
    `Acquire and release of distinct resources over ioredis, ${counted(callers, "caller")}, ttl 10 s; ${counted(rounds, "round")} of ${figure(duration / 1_000)} s each, in turns, each variant in a process of its own. The columns "to the first" show the median of the rounds' ratios. CPU is that of the locks' process, per pair; the observer is another process on the same machine.`,
    table(rows, columns, 2),
  ].join("\n\n");
}
