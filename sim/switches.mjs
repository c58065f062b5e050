/** Breaks each rule, one at a time, in a copy of the sources, and counts the seeds until a checker detects it. */
import { playSeeds } from "./pool.mjs";
import { switches } from "./switch-list.mjs";
import { printTable, writeTable } from "./switch-table.mjs";
import { switchedBuild } from "./switched-build.mjs";

/** Maximum number of seeds per rule. */
const maxSeeds = 1_000;

/** Returns the first failing seed with its violation; null if no seed fails. */
async function search(entry, { jobs, actions }) {
  const build = await switchedBuild(entry);
  try {
    const found = await playSeeds({
      entry: build.entry,
      from: 1,
      count: maxSeeds,
      faults: entry.faults ?? "inBounds",
      minimumHolds: entry.minimumHolds ?? false,
      readers: entry.readers ?? false,
      actions,
      jobs,
      enough: ({ failed }) => failed.length > 0,
    });
    const [first] = found.failed;
    return first === undefined ? null : { seeds: first.seed, ...first.violation };
  } finally {
    build.remove();
  }
}

export async function trySwitches({ jobs, actions, only, write }) {
  const rows = [];
  for (const one of switches) {
    if (only !== undefined && !only.some((part) => `${one.rule} ${one.off}`.includes(part))) continue;
    const began = performance.now();
    const found = await search(one, { jobs, actions });
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
