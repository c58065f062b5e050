import { inject } from "./inject.js";
import { type PlanOptions, planFaults } from "./plan.js";
import { livelyWorks, Stage } from "./stage.js";
import { judge, type Verdict } from "./verdict.js";

export interface RunOptions extends Omit<PlanOptions, "servers" | "clients"> {
  /** Ends the run early; what has been is judged. */
  readonly signal?: AbortSignal;
}

/** Always five votes. */
const sizes = {
  "in bounds": { servers: 5, clients: 8, works: livelyWorks, ahead: 7 },
  beyond: {
    servers: 3,
    clients: 8,
    works: livelyWorks,
    ahead: 7,
    grouped: true,
    options: { quarantine: false },
  },
} as const;

/** Five votes, eight processes and their faults, for a time; then the judgement. Nothing of it is left behind. */
export async function runFaults({
  signal = new AbortController().signal,
  ...options
}: RunOptions): Promise<Verdict> {
  const size = sizes[options.class];
  const plan = planFaults({ ...options, ...size });
  const stage = await Stage.start(size);
  try {
    await stage.open();
    const injection = await inject(stage, plan, { ...options, ...size, signal });
    const ends = await stage.finish();
    const left = await stage.leftAtTheEnd();
    const end = { ends, left, sightings: stage.scanner.sightings, servers: size.servers };
    return judge(await stage.witness.record(), injection, stage.clients, options.class, end);
  } finally {
    await stage.stop();
  }
}
