import { lockNames } from "../systems.mjs";
import { figure, kilobytes, named, percent, table } from "./format.mjs";

const columns = [
  ["leases", ({ cell, first }) => (first ? figure(cell.leases) : "")],
  ["ttl", ({ cell, first }) => (first ? `${cell.ttl / 1_000} s` : "")],
  ["system", ({ name }) => named(name)],
  ["commands/s and node", ({ result }) => figure(result.commands)],
  ["with scripts'", ({ result }) => figure(result.processed)],
  ["CPU", ({ result }) => percent(result.cpu)],
  ["CPU, µs/s and lease", ({ result }) => figure(result.cpuPerLease)],
  ["heap a lease", ({ result }) => kilobytes(result.heapPerLease)],
  ["not acquired", ({ result }) => figure(result.failed)],
  ["lost", ({ result }) => figure(result.lost)],
];

const unable = { commands: Number.NaN, processed: Number.NaN, cpu: Number.NaN, cpuPerLease: Number.NaN };

function sideBySide(cells) {
  const shared = cells.filter(({ atOnce }) => atOnce > 1);
  if (shared.length === 0) return "";
  const which = shared.map(
    ({ leases, ttl, atOnce }) => `${figure(leases)} with ttl ${ttl / 1_000} s, ${atOnce} at a time`,
  );
  return ` Side by side, each system on servers of its own: ${which.join("; ")}.`;
}

export function holdingReport({ nodes, cells }) {
  const failures = [];
  const rows = cells.flatMap((cell) =>
    lockNames.map((name, index) => {
      const result = cell.results[name];
      if (result.error) failures.push(`${name}, ${cell.leases} leases: ${result.error}`);
      return { cell, name, result: result.error ? unable : result, first: index === 0 };
    }),
  );
  return [
    "### c. Holding",
    `Leases held at once and renewed automatically, on ${nodes} nodes, each system in a process of its own; measured over at least three ttls. CPU is the client process's, of one core; commands and CPU mean little where leases were lost. One round.${sideBySide(cells)}`,
    table(rows, columns, 3),
    ...failures.map((failure) => `Failed: ${failure}.`),
  ];
}
