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

export function holdingReport({ nodes, cells }) {
  const failures = [];
  const rows = cells.flatMap((cell) =>
    Object.keys(cell.results)
      .sort()
      .map((name, index) => {
        const result = cell.results[name];
        if (result.error) failures.push(`${name}, ${cell.leases} leases: ${result.error}`);
        return { cell, name, result: result.error ? unable : result, first: index === 0 };
      }),
  );
  return [
    "### c. Holding",
    `Leases held at once and renewed automatically, on ${nodes} nodes, each system in a process of its own; measured over three or four ttls. CPU is the client process's, of one core. One round.${cells.some(({ sideBySide }) => sideBySide) ? " The lightest renewals were measured side by side, on servers of their own." : ""}`,
    table(rows, columns, 3),
    ...failures.map((failure) => `Failed: ${failure}.`),
  ];
}
