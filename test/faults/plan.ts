import { seeded } from "../support/chance.js";
import { type Fault, type FaultKind, kindNames, kindOf } from "./kinds.js";
import { FaultLimits, type RunSize } from "./limits.js";

export interface PlanOptions extends RunSize {
  readonly seed: number;
  /** ms. */
  readonly for: number;
  /** ms between two faults, on average. Default 700. */
  readonly every?: number;
  /** ms without a new fault at the end. Default 7,000. */
  readonly rest?: number;
}

/** Time in ms before the first fault. */
const calm = 1_000;
/** Time in ms without a new fault, once per period, in which every process must make progress. */
const restAfterAll = 7_000;
const period = 40_000;

/** Plans all faults of a run from its seed, with their expected durations. */
export function planFaults(options: PlanOptions): Fault[] {
  const { every = 700, rest = restAfterAll } = options;
  const chance = seeded(2 * options.seed);
  // Small seeds produce only small numbers at first.
  for (let skipped = 0; skipped < 20; skipped += 1) chance();
  const limits = new FaultLimits(options);
  const times = new Map<FaultKind, number>();
  const plan: Fault[] = [];
  for (let at = calm; at < options.for - rest; at += 2 * every * chance()) {
    if (at % period >= period - restAfterAll) {
      at += period - (at % period);
      continue;
    }
    const choices = kindNames.flatMap((kind) => {
      const targets = limits.candidates(kind, at);
      const { weight: often, forgets } = kindOf(kind);
      // Prefers kinds that have not occurred, so that short runs contain all kinds. Memory losses come first, because each
      // of them must wait for the previous one to end.
      const weight = times.has(kind) ? often / 5 : forgets ? 8 * often : often;
      return targets.length === 0 ? [] : [{ kind, targets, weight }];
    });
    let left = chance() * choices.reduce((sum, { weight }) => sum + weight, 0);
    const chosen = choices.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    if (chosen === undefined) continue;
    const { kind, targets } = chosen;
    const { lasts } = kindOf(kind);
    const target = targets[Math.floor(chance() * targets.length)] as number;
    const ms = Math.round(lasts[0] + chance() * (lasts[1] - lasts[0]));
    limits.record(kind, target, at + ms);
    times.set(kind, (times.get(kind) ?? 0) + 1);
    plan.push({ kind, at: Math.round(at), ms, target, chance: chance() });
  }
  return plan;
}
