/** npm run sim: simulates runs of locks in virtual time, one per seed, and checks for violations. */
import { parseArgs } from "node:util";
import { playSeeds } from "./pool.mjs";
import { describe, printFailures, printTotals } from "./report.mjs";
import { printSeed } from "./seed.mjs";

const usage = `npm run sim -- [options]

  --seeds 10000       number of seeds
  --from 1            first seed
  --class inBounds    or beyond: faults that break the assumptions; overlaps are then counted, fences must increase;
                      membership: the processes change over from one set of nodes to another,
                      groups: they do so in one of two groups of nodes,
                      permits: the processes acquire permits of a semaphore,
                      or kinds: they acquire leases of all kinds
  --minimum-holds         most actions keep their locks for at least a given time
  --readers               most actions share their locks, and some of them become the writer
  --actions 140       number of actions per seed
  --jobs 2            number of threads
  --seed N            plays only this seed, and shrinks its script if it fails
  --trace             with --seed: prints the events of the run, one per line
  --switches          breaks each rule, one at a time, and counts the seeds until a checker detects it
  --only TEXT         with --switches: only entries that contain the text; may be repeated
  --write             with --switches: writes the table into docs/safety.md`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    class: { type: "string", default: "inBounds" },
    "minimum-holds": { type: "boolean", default: false },
    readers: { type: "boolean", default: false },
    actions: { type: "string" },
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

const entry = new URL("../build/esm/testing/simulator/", import.meta.url).href;
const faults = values.class;
const minimumHolds = values["minimum-holds"];
const { readers } = values;
const actions = values.actions === undefined ? 140 : integer("actions");

if (values.help) {
  console.log(usage);
} else if (!["inBounds", "beyond", "membership", "groups", "permits", "kinds"].includes(faults)) {
  console.error(`--class ${faults}: give inBounds, beyond, membership, groups, permits or kinds`);
  process.exitCode = 2;
} else if (values.switches) {
  const { trySwitches } = await import("./switches.mjs");
  process.exitCode = await trySwitches({
    jobs: integer("jobs"),
    actions,
    only: values.only,
    write: values.write,
  });
} else if (values.seed !== undefined) {
  process.exitCode = await printSeed({
    entry,
    seed: integer("seed"),
    faults,
    minimumHolds,
    readers,
    actions,
    trace: values.trace,
  });
} else {
  const began = performance.now();
  let reportedAt = began;
  let shown = 0;
  const total = await playSeeds({
    entry,
    from: integer("from"),
    count: integer("seeds"),
    faults,
    minimumHolds,
    readers,
    actions,
    jobs: integer("jobs"),
    onProgress({ seeds, failed }) {
      for (; shown < failed.length; shown++) console.log(describe(failed[shown]));
      if (performance.now() - reportedAt < 10_000) return;
      reportedAt = performance.now();
      console.log(`… ${seeds} seeds, ${failed.length} with a violation`);
    },
  });
  printTotals(total, faults, performance.now() - began);
  printFailures(total.failed, { faults, minimumHolds, readers, actions });
  process.exitCode = total.failed.length === 0 ? 0 : 1;
}
