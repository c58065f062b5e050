/** Plays one seed, prints the outcome, and shrinks the script if it fails. */
import { scriptOf } from "./script.mjs";
import { shrink } from "./shrink.mjs";

/** The number of trace lines shown before the violation. */
const shown = 200;

export async function printSeed({ entry, seed, trace, ...workload }) {
  const { play } = await import(new URL("run.js", entry).href);
  const script = (await scriptOf(entry))(seed, workload);
  const outcome = await play(script, { trace });
  if (trace) console.log(outcome.trace.join("\n"));
  console.log(`seed ${seed}: trace ${outcome.hash}, ${outcome.overlaps} overlaps`);
  const [violation] = outcome.violations;
  if (violation === undefined) {
    console.log("no violation");
    return 0;
  }
  console.log(`violation at ${violation.time.toFixed(2)} ms: ${violation.checker}: ${violation.what}`);
  const smaller = await shrink(play, script, violation.checker);
  const { trace: lines, violations } = await play(smaller, { trace: true });
  console.log(`\nthe same with ${smaller.steps.length} of the ${script.steps.length} steps:\n`);
  console.log(lines.slice(-shown).join("\n"));
  console.log(`\n${violations[0].checker}: ${violations[0].what}\n\nsteps:`);
  for (const step of smaller.steps) console.log(JSON.stringify(step));
  return 1;
}
