import { medians } from "../stats.mjs";
import { lockNames } from "../systems.mjs";
import { counted, figure, kilobytes, named, percent, table, times } from "./format.mjs";
import { keptOf } from "./kept.mjs";
import { against } from "./ratio.mjs";

/** The system whose CPU the others' is compared with. */
export const cheapest = "redis-semaphore";

/** A system's figure compared with that of the cheapest system; nothing if one of them lost leases. */
const compared =
  (key) =>
  ({ cell, name }) =>
    times(against(keptOf(cell), name, key, cheapest));

const columns = [
  ["leases", ({ cell, first }) => (first ? figure(cell.leases) : "")],
  ["ttl", ({ cell, first }) => (first ? `${cell.ttl / 1_000} s` : "")],
  ["system", ({ name }) => named(name)],
  ["commands/s and node", ({ result }) => figure(result.commands)],
  ["with scripts'", ({ result }) => figure(result.processed)],
  ["CPU", ({ result }) => percent(result.cpu)],
  ["CPU, µs/s and lease", ({ result }) => figure(result.cpuPerLease)],
  [`to ${cheapest}`, compared("cpu")],
  ["CPU a server", ({ result }) => percent(result.serverCpu)],
  [`to ${cheapest}`, compared("serverCpu")],
  ["heap a lease", ({ result }) => kilobytes(result.heapPerLease)],
  ["not acquired", ({ worst }) => figure(worst("failed"))],
  ["lost", ({ worst }) => figure(worst("lost"))],
];

/** Describes the cells for which `key` is not one. */
function exceptions(cells, key, describe) {
  const which = cells
    .filter((cell) => cell[key] > 1)
    .map((cell) => `${figure(cell.leases)} with ttl ${cell.ttl / 1_000} s, ${describe(cell[key])}`);
  return which.join("; ");
}

function sideBySide(cells) {
  const which = exceptions(cells, "atOnce", (count) => `${count} at a time`);
  return which === "" ? "" : ` Side by side, each system on servers of its own: ${which}.`;
}

function repeated(cells) {
  const which = exceptions(cells, "rounds", (count) => counted(count, "round"));
  return which === "" ? " One round." : ` One round, but: ${which}.`;
}

export function holdingReport({ nodes, cells }) {
  const failures = [];
  const rows = cells.flatMap((cell) =>
    lockNames.map((name, index) => {
      const rounds = cell.results[name];
      const failed = rounds.find(({ error }) => error !== undefined);
      if (failed) failures.push(`${name}, ${cell.leases} leases: ${failed.error}`);
      const worst = (key) => Math.max(...rounds.map((round) => round[key]));
      return { cell, name, result: failed ? {} : medians(rounds), worst, first: index === 0 };
    }),
  );
  return [
    "### c. Holding",
    `Leases held at once and renewed automatically, on ${nodes} nodes, each system in a process of its own; measured over at least three ttls. CPU is the client process's, and the mean of the servers', of one core; commands and CPU mean little where leases were lost. Not acquired and lost: in the worst round.${repeated(cells)}${sideBySide(cells)}`,
    table(rows, columns, 3),
    ...failures.map((failure) => `Failed: ${failure}.`),
  ];
}
