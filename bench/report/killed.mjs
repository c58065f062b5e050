import { counted, figure, named, ranged, table } from "./format.mjs";

const columns = (victims) => [
  ["system", ({ name }) => named(name)],
  ["longest gap, ms", ({ rounds }) => ranged(rounds.map(({ longestGap }) => longestGap))],
  ["leases", ({ rounds }) => figure(rounds.reduce((sum, { leases }) => sum + leases, 0))],
  [
    "killed",
    ({ rounds }) => `${rounds.reduce((sum, { killed }) => sum + killed, 0)} of ${rounds.length * victims}`,
  ],
];

export function killedReport({
  nodes,
  ttl,
  contenders,
  victims,
  patience,
  hold,
  think,
  duration,
  rounds,
  results,
}) {
  const rows = Object.entries(results).map(([name, each]) => ({ name, rounds: each }));
  return [
    "### g. A waiter that is killed",
    `${contenders} processes contend for one resource on ${nodes} nodes (hold ${hold} ms, think ${think} ms, ttl ${ttl / 1_000} s), and ${victims} more processes wait for it one after the other and are killed after ${patience} ms of waiting; ${counted(rounds, "round")} of ${duration / 1_000} s. The longest gap runs from the call of release to the next holder, or to the end of the round. Peers retry without limit, after 10 ms. A process that is killed while its request is under way may leave the key behind for the ttl.`,
    table(rows, columns(victims)),
  ];
}
