/** npm run sim: plays days of locks in virtual time, a seed each, and looks for violations. */
import { parseArgs } from "node:util";
import { playSeeds } from "./pool.mjs";
import { describe, printFailures, printTotals } from "./report.mjs";
import { printSeed } from "./seed.mjs";

const usage = `npm run sim -- [options]

  --seeds 10000       how many seeds
  --from 1            the first one
  --class inBounds    or beyond: faults that break the assumptions; overlaps are then counted, fences must hold
  --deeds 140         what programs do, per seed
  --jobs 2            threads
  --seed N            this one only; a failing one is shrunk
  --trace             with --seed: what happened, line by line
  --switches          breaks each rule, one at a time, and looks how soon that is found
  --only TEXT         with --switches: those with that text, may be given several times
  --write             with --switches: writes the table into docs/safety.md`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    class: { type: "string", default: "inBounds" },
    deeds: { type: "string" },
    jobs: { type: "string", default: "2" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    switches: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const integer = (name) => {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} ${values[name]}: give an integer from 0`);
  process.exit(2);
};

const entry = new URL("../dist/esm/testing/simulator/", import.meta.url).href;
const faults = values.class;
const deeds = values.deeds === undefined ? 140 : integer("deeds");

if (values.help) {
  console.log(usage);
} else if (faults !== "inBounds" && faults !== "beyond") {
  console.error(`--class ${faults}: give inBounds or beyond`);
  process.exitCode = 2;
} else if (values.switches) {
  const { tryOut } = await import("./switches.mjs");
  process.exitCode = await tryOut({ jobs: integer("jobs"), deeds, only: values.only, write: values.write });
} else if (values.seed !== undefined) {
  process.exitCode = await printSeed({ entry, seed: integer("seed"), faults, deeds, trace: values.trace });
} else {
  const began = performance.now();
  let told = began;
  let shown = 0;
  const total = await playSeeds({
    entry,
    from: integer("from"),
    count: integer("seeds"),
    faults,
    deeds,
    jobs: integer("jobs"),
    onProgress({ seeds, failed }) {
      for (; shown < failed.length; shown++) console.log(describe(failed[shown]));
      if (performance.now() - told < 10_000) return;
      told = performance.now();
      console.log(`… ${seeds} seeds, ${failed.length} with a violation`);
    },
  });
  printTotals(total, faults, performance.now() - began);
  printFailures(total.failed, faults, deeds);
  process.exitCode = total.failed.length === 0 ? 0 : 1;
}
