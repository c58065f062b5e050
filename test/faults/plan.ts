import { seeded } from "../support/chance.js";
import { rested, type Scope } from "./kind.js";
import { type Fault, type FaultKind, kindNames, kindOf } from "./kinds.js";

export type FaultClass = "in bounds" | "beyond";

export interface PlanOptions {
  readonly seed: number;
  /** ms. */
  readonly for: number;
  readonly class: FaultClass;
  readonly servers: number;
  readonly clients: number;
  /** Whether a Sentinel set and a Cluster take part. */
  readonly grouped?: boolean;
  /** ms between two faults, on average. Default 700. */
  readonly every?: number;
  /** Which kinds may happen. Default: all of the class. */
  readonly kinds?: readonly FaultKind[];
}

/** Of the processes, so many at most are hurt at the same time. */
const mostClients = 3;
/** ms before the first fault, and after the last one: all must have been well. */
const calm = 1_500;

/** What is wrong with each target until when. */
class Patients {
  readonly #until: number[];

  /** @param most That may be hurt at the same time. */
  constructor(
    count: number,
    private readonly most: number,
  ) {
    this.#until = Array(count).fill(0);
  }

  /** Whom a fault may hurt then. */
  candidatesAt(at: number): number[] {
    const sound = this.#until.flatMap((until, index) => (until <= at ? [index] : []));
    return this.#until.length - sound.length < this.most ? sound : [];
  }

  fall(index: number, until: number): void {
    this.#until[index] = until;
  }
}

/**
 * All faults of a run, by its seed. In bounds: at any moment a minority of the servers is hurt, and one that loses its
 * memory has time to rest before the next one does. Beyond: whatever comes.
 */
export function planFaults(options: PlanOptions): Fault[] {
  const { every = 700 } = options;
  const chance = seeded(2 * options.seed);
  // The first numbers of small seeds are all small.
  for (let skipped = 0; skipped < 20; skipped += 1) chance();
  const beyond = options.class === "beyond";
  const { servers, grouped = false } = options;
  const patients: Record<Scope, Patients> = {
    server: new Patients(servers, beyond ? servers - 1 : Math.floor((servers - 1) / 2)),
    client: new Patients(options.clients, mostClients),
    sentinel: new Patients(grouped ? 1 : 0, 1),
    cluster: new Patients(grouped ? 1 : 0, 1),
  };
  const names = (options.kinds ?? kindNames).filter(
    (name) => beyond || !(kindOf(name).beyond || kindOf(name).forgets),
  );
  const times = new Map<FaultKind, number>();
  let forgottenUntil = 0;
  const plan: Fault[] = [];

  const possible = (name: FaultKind, at: number): number[] => {
    const { scope, forgets } = kindOf(name);
    return forgets && !beyond && forgottenUntil > at ? [] : patients[scope].candidatesAt(at);
  };

  for (let at = calm; at < options.for - calm; at += 2 * every * chance()) {
    const choices = names.flatMap((name) => {
      const targets = possible(name, at);
      // What has not happened yet comes first, so that short runs have a bit of everything.
      const weight = kindOf(name).weight / (1 + 4 * Math.min(1, times.get(name) ?? 0));
      return targets.length === 0 ? [] : [{ name, targets, weight }];
    });
    let left = chance() * choices.reduce((sum, { weight }) => sum + weight, 0);
    const chosen = choices.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    if (chosen === undefined) continue;
    const { scope, lasts, settles, forgets } = kindOf(chosen.name);
    const target = chosen.targets[Math.floor(chance() * chosen.targets.length)] as number;
    const ms = Math.round(lasts[0] + chance() * (lasts[1] - lasts[0]));
    const sound = at + ms + settles;
    patients[scope].fall(target, sound);
    if (forgets) forgottenUntil = sound + rested;
    times.set(chosen.name, (times.get(chosen.name) ?? 0) + 1);
    plan.push({ kind: chosen.name, at: Math.round(at), ms, target, chance: chance() });
  }
  return plan;
}
