/** Breaks each rule, one at a time, in a copy of the sources, and looks how many seeds it takes to find that. */
import { playSeeds } from "./pool.mjs";
import { switches } from "./switch-list.mjs";
import { printTable, writeTable } from "./switch-table.mjs";
import { switchedBuild } from "./switched-build.mjs";

/** Within so many seeds each must be found. */
const mostSeeds = 1_000;

/** Seeds until it is found, and by which checker; null if it is not. */
async function search(one, { jobs, deeds }) {
  const build = await switchedBuild(one);
  try {
    const found = await playSeeds({
      entry: build.entry,
      from: 1,
      count: mostSeeds,
      faults: one.faults ?? "inBounds",
      deeds,
      jobs,
      enough: ({ failed }) => failed.length > 0,
    });
    const [first] = found.failed;
    return first === undefined ? null : { seeds: first.seed, ...first.violation };
  } finally {
    build.remove();
  }
}

export async function tryOut({ jobs, deeds, only, write }) {
  const rows = [];
  for (const one of switches) {
    if (only !== undefined && !only.some((part) => `${one.rule} ${one.off}`.includes(part))) continue;
    const began = performance.now();
    const found = await search(one, { jobs, deeds });
    rows.push({ ...one, found });
    const took = `${Math.round((performance.now() - began) / 1_000)} s`;
    const how = found === null ? "MISSED" : `${found.seeds} seeds, ${found.checker}: ${found.what}`;
    console.log(`rule ${one.rule}: ${one.off}: ${how} (${took})`);
  }
  printTable(rows);
  const missed = rows.filter(({ found }) => found === null).length;
  if (write && missed === 0) writeTable(rows);
  return missed === 0 ? 0 : 1;
}
