import { figure, megabytes, named, table } from "./format.mjs";

const columns = [
  ["system", ({ name }) => named(name)],
  ["import, ms", ({ importing }) => figure(importing)],
  ["files loaded", ({ files }) => files],
  ["package", ({ alone }) => megabytes(alone)],
  ["with its dependencies", ({ installed }) => megabytes(installed)],
  ["packages", ({ packages }) => packages],
  ["and with ioredis", ({ withClient }) => megabytes(withClient)],
  ["packages", ({ packagesWithClient }) => packagesWithClient],
];

export function weightReport({ rounds, results }) {
  const rows = Object.entries(results).map(([name, result]) => ({ name, ...result }));
  return [
    "### e. Weight",
    `Import: a fresh process that imports it, less one that imports nothing; medians of ${rounds} each. Files loaded are those of code. Sizes are of the files, unpacked; the peers leave the client to the user, hence the columns with ioredis.`,
    table(rows, columns),
  ];
}
