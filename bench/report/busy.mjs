import { lockNames } from "../systems.mjs";
import { counted, figure, named, table } from "./format.mjs";

const sum = (rounds, key) => rounds.reduce((total, round) => total + round[key], 0);

/** A system that could not be measured has an error instead of figures. */
const cell = (value) => (row) => (row.rounds.some(({ error }) => error !== undefined) ? "fails" : value(row));

const columns = [
  ["busy", ({ loop, first }) => (first ? `${loop.block} of each ${loop.period} ms` : "")],
  ["system", ({ name }) => named(name)],
  ["held", cell(({ asked, rounds }) => figure(asked - sum(rounds, "failed")))],
  ["lost", cell(({ rounds }) => figure(sum(rounds, "lost")))],
  ["reported", cell(({ rounds }) => figure(sum(rounds, "reported")))],
];

export function busyReport({ leases, ttl, ttls, rounds, cells }) {
  const rows = cells.flatMap((loop) =>
    lockNames.map((name, index) => ({
      loop,
      name,
      rounds: loop.results[name],
      asked: leases * rounds,
      first: index === 0,
    })),
  );
  return [
    "### f. A busy event loop",
    `${leases} leases with ttl ${ttl / 1_000} s on 3 nodes, renewed automatically in a process that blocks its event loop, for ${(ttls * ttl) / 1_000} s; ${counted(rounds, "round")}, summed. Lost: a quorum no longer has the key at the end, or the system reported a loss.`,
    table(rows, columns, 2),
  ];
}
