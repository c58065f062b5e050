/** What a search has found, in words. */

const number = new Intl.NumberFormat("en");

/** What counts as an operation: each is a round that was put to the nodes. */
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
  // A checker that never looks finds nothing.
  printKinds("looks", "looks: ", counts);
}

/** What was counted under names that begin like that. */
function printKinds(title, prefix, counts) {
  const kinds = Object.entries(counts)
    .filter(([what]) => what.startsWith(prefix))
    .sort()
    .map(([what, count]) => `${what.slice(prefix.length)} ${number.format(count)}`);
  console.log(`${title.padEnd(18)}${kinds.join(", ")}`);
}

export const describe = ({ seed, hash, violation }) =>
  `seed ${seed} (${hash}): ${violation.checker}: ${violation.what}`;

export function printFailures(failed, faults, deeds) {
  const [first] = failed;
  if (first === undefined) return;
  console.log(`replay: npm run sim -- --seed ${first.seed} --class ${faults} --deeds ${deeds} --trace`);
}
