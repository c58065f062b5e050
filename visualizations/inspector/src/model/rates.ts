import type { Beat, Totals } from "../../../../src/inspector/feed/frames.js";
import { noTotals, totalNames } from "../../../../src/inspector/feed/totals.js";

/** Of all processes together. */
export function sumTotals(all: Iterable<Totals>): Totals {
  const sum = { ...noTotals };
  for (const totals of all) for (const name of totalNames) sum[name] += totals[name];
  return sum;
}

/** ms that a rate is taken over; who says nothing for as long has none. */
const span = 5_000;

interface Told {
  /** Epoch ms by the clock of the process, and of whoever looks on. */
  readonly time: number;
  readonly heard: number;
  readonly totals: Totals;
}

/** How often something happens, from the totals that each process tells with its beats. */
export class Rates {
  private readonly told = new Map<string, Told[]>();

  hear({ source, time, totals }: Pick<Beat, "source" | "time" | "totals">, heard: number): void {
    const own = this.told.get(source) ?? [];
    this.told.set(source, own);
    own.push({ time, heard, totals });
    while (own.length > 2 && own[0] !== undefined && own[0].time < time - span) own.shift();
  }

  forget(source: string): void {
    this.told.delete(source);
  }

  /** A second, of all processes together. `now`: epoch ms by the clock of whoever looks on. */
  of(name: keyof Totals, now: number): number {
    let rate = 0;
    for (const own of this.told.values()) {
      const [first] = own;
      const last = own.at(-1);
      if (first === undefined || last === undefined || last.time <= first.time) continue;
      if (last.heard < now - span) continue;
      // A process that began to count anew is not one that took locks back.
      rate += (Math.max(0, last.totals[name] - first.totals[name]) * 1_000) / (last.time - first.time);
    }
    return rate;
  }
}
