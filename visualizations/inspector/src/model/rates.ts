import type { Beat, Totals } from "../../../../src/inspector/feed/frames.js";

/** Period in ms over which a rate is measured. A process that has been silent for as long has no rate. */
const period = 5_000;

interface Sample {
  /** Epoch ms by the clock of the process, and by the observer's clock. */
  readonly time: number;
  readonly receivedAt: number;
  readonly totals: Totals;
}

/** Computes rates from the totals in the beats of each process. */
export class Rates {
  private readonly samples = new Map<string, Sample[]>();

  add({ source, time, totals }: Pick<Beat, "source" | "time" | "totals">, receivedAt: number): void {
    const own = this.samples.get(source) ?? [];
    this.samples.set(source, own);
    own.push({ time, receivedAt, totals });
    while (own.length > 2 && own[0] !== undefined && own[0].time < time - period) own.shift();
  }

  remove(source: string): void {
    this.samples.delete(source);
  }

  /** Events per second, of all processes together. `now`: epoch ms by the observer's clock. */
  of(name: keyof Totals, now: number): number {
    let rate = 0;
    for (const own of this.samples.values()) {
      const [first] = own;
      const last = own.at(-1);
      if (first === undefined || last === undefined || last.time <= first.time) continue;
      if (last.receivedAt < now - period) continue;
      // A total that shrinks means that the process counts from zero again.
      rate +=
        (Math.max(0, (last.totals[name] ?? 0) - (first.totals[name] ?? 0)) * 1_000) /
        (last.time - first.time);
    }
    return rate;
  }
}
