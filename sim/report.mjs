/** Prints the results of a search. */

const number = new Intl.NumberFormat("en");

/** Counts that are operations: each is a round of requests to the nodes. */
const operations = ["acquired", "retrying", "failed", "renewed", "quorumLost", "released", "inspection"];

const operationsOf = (counts) => operations.reduce((sum, what) => sum + (counts[what] ?? 0), 0);

export function printTotals({ seeds, time, overlaps, counts, failed }, faults, wall) {
  const lines = [
    ["seeds", `${number.format(seeds)} (class ${faults})`],
    ["lock operations", number.format(operationsOf(counts))],
    ["leases", number.format(counts.acquired ?? 0)],
    ["simulated time", `${number.format(Math.round(time / 360_000) / 10)} h`],
    ["violations", number.format(failed.length)],
    ...(faults === "beyond" ? [["overlaps", number.format(overlaps)]] : []),
    ["wall time", `${Math.round(wall / 1_000)} s`],
  ];
  for (const [what, value] of lines) console.log(`${what.padEnd(18)}${value}`);
  printKinds("faults", "fault: ", counts);
  // Shows a checker that never ran.
  printKinds("checks", "looks: ", counts);
}

/** Prints the counts whose names begin with `prefix`. */
function printKinds(title, prefix, counts) {
  const kinds = Object.entries(counts)
    .filter(([what]) => what.startsWith(prefix))
    .sort()
    .map(([what, count]) => `${what.slice(prefix.length)} ${number.format(count)}`);
  console.log(`${title.padEnd(18)}${kinds.join(", ")}`);
}

export const describe = ({ seed, hash, violation }) =>
  `seed ${seed} (${hash}): ${violation.checker}: ${violation.what}`;

export function printFailures(failed, { faults, minimumHolds, readers, actions }) {
  const [first] = failed;
  if (first === undefined) return;
  const workload = minimumHolds ? " --minimum-holds" : readers ? " --readers" : "";
  console.log(
    `replay: npm run sim -- --seed ${first.seed} --class ${faults}${workload} --actions ${actions} --trace`,
  );
}
