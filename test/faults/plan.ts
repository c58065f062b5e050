import { seeded } from "../support/chance.js";
import { type Fault, type FaultKind, kindNames, kindOf } from "./kinds.js";
import { type Company, Ward } from "./ward.js";

export interface PlanOptions extends Company {
  readonly seed: number;
  /** ms. */
  readonly for: number;
  /** ms between two faults, on average. Default 700. */
  readonly every?: number;
  /** ms without a new fault at the end. Default 7,000. */
  readonly rest?: number;
}

/** ms before the first fault: all must have been well. */
const calm = 1_000;
/** ms without a new fault, once in each period: what goes on then must go on everywhere. */
const restAfterAll = 7_000;
const period = 40_000;

/** All faults of a run, by its seed, as far as the time they take is known beforehand. */
export function planFaults(options: PlanOptions): Fault[] {
  const { every = 700, rest = restAfterAll } = options;
  const chance = seeded(2 * options.seed);
  // The first numbers of small seeds are all small.
  for (let skipped = 0; skipped < 20; skipped += 1) chance();
  const ward = new Ward(options);
  const times = new Map<FaultKind, number>();
  const plan: Fault[] = [];
  for (let at = calm; at < options.for - rest; at += 2 * every * chance()) {
    if (at % period >= period - restAfterAll) {
      at += period - (at % period);
      continue;
    }
    const choices = kindNames.flatMap((kind) => {
      const targets = ward.candidates(kind, at);
      const { weight: often, forgets } = kindOf(kind);
      // What has not happened yet comes first, so that short runs have a bit of everything; above all what has to wait for
      // others of its sort to be over.
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
    ward.hurt(kind, target, at + ms);
    times.set(kind, (times.get(kind) ?? 0) + 1);
    plan.push({ kind, at: Math.round(at), ms, target, chance: chance() });
  }
  return plan;
}
