import { inject } from "./inject.js";
import { type PlanOptions, planFaults } from "./plan.js";
import { livenessWorks, Testbed } from "./testbed.js";
import { judge, type Verdict } from "./verdict.js";

export interface RunOptions extends Omit<PlanOptions, "servers" | "clients"> {
  /** Ends the run early; the run so far is still judged. */
  readonly signal?: AbortSignal;
}

/** The sizes of the runs; each has five votes. */
const sizes = {
  "in bounds": { servers: 5, clients: 8, works: livenessWorks, ahead: 7 },
  beyond: {
    servers: 3,
    clients: 8,
    works: livenessWorks,
    ahead: 7,
    grouped: true,
    options: { quarantine: false },
  },
} as const;

/** Runs eight processes with five votes under faults, and judges the run. Leaves no process or file behind. */
export async function runFaults({
  signal = new AbortController().signal,
  ...options
}: RunOptions): Promise<Verdict> {
  const size = sizes[options.class];
  const plan = planFaults({ ...options, ...size });
  const testbed = await Testbed.start(size);
  try {
    await testbed.open();
    const injection = await inject(testbed, plan, { ...options, ...size, signal });
    const ends = await testbed.finish();
    const left = await testbed.leftAtTheEnd();
    const end = { ends, left, sightings: testbed.scanner.sightings, servers: size.servers };
    return judge(await testbed.recorder.record(), injection, testbed.clients, options.class, end);
  } finally {
    await testbed.stop();
  }
}
