import { figure, kilobytes, named, table } from "./format.mjs";

const columns = [
  ["system", ({ name }) => named(name)],
  ["import, ms", ({ importing }) => figure(importing)],
  ["package", ({ alone }) => kilobytes(alone)],
  ["with its dependencies", ({ installed }) => kilobytes(installed)],
  ["and with ioredis", ({ withClient }) => kilobytes(withClient)],
  ["packages", ({ packages }) => packages],
];

export function weightReport({ rounds, results }) {
  const rows = Object.entries(results).map(([name, result]) => ({ name, ...result }));
  return [
    "### e. Weight",
    `Import: a fresh process that imports it, less one that imports nothing; medians of ${rounds} each. Sizes are of the files, unpacked; the peers leave the client to the user, hence the column with ioredis.`,
    table(rows, columns),
  ];
}
