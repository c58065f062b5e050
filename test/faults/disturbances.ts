import type { Injected } from "./inject.js";
import { kindOf } from "./kinds.js";
import { covered, merged, type RecordedNote, type Span, spansOf } from "./record.js";

/** When each server and each process was disturbed by a fault, or got no processor time. Times in ms. */
export class Disturbances {
  readonly #stalls: readonly Span[];
  readonly #own = new Map<string, Span[]>();

  /** `stalls`: when all links stalled. */
  constructor(
    private readonly injected: readonly Injected[],
    stalls: readonly Span[],
    notes: readonly RecordedNote[],
  ) {
    this.#stalls = stalls;
    for (const { client, stalls: own = [] } of notes) {
      const known = this.#own.get(client);
      if (known === undefined) this.#own.set(client, spansOf(own));
      else known.push(...spansOf(own));
    }
  }

  /** When a server was disturbed, including its abstention after a memory loss. */
  ofServer(server: number): Span[] {
    const hurt = this.injected.filter(({ kind, scope, target }) => {
      return kindOf(kind).everywhere || (scope === "server" && target === server);
    });
    return merged(hurt.map(({ kind, from, to }) => ({ from, to: to + (kindOf(kind).abstains ?? 0) })));
  }

  ofClient(client: number): Span[] {
    return merged(this.injected.filter(({ scope, target }) => scope === "client" && target === client));
  }

  /** When the process or all links got no processor time. */
  stallsOf(id: string): Span[] {
    return merged([...this.#stalls, ...(this.#own.get(id) ?? [])]);
  }

  /** The end of the last fault that restored the server's data from a copy. */
  restoredUntil(server: number): number {
    const restores = this.injected.filter(({ kind, scope, target }) => {
      return scope === "server" && target === server && kindOf(kind).restores;
    });
    return Math.max(Number.NEGATIVE_INFINITY, ...restores.map(({ to }) => to));
  }
}

export interface Watched extends Span {
  /** The times of progress, ascending. */
  readonly signs: readonly number[];
  /** Disturbances, merged. The bound applies again from the end of each. */
  readonly disturbed: readonly Span[];
  /** Times that do not count, merged. */
  readonly stalls: readonly Span[];
  /** The maximum time in ms without progress. */
  readonly bound: number;
}

export interface Gaps {
  /** Undisturbed times without progress that exceed the bound; `ms` excludes stalls. */
  readonly gaps: readonly (Span & { readonly ms: number })[];
  /** Times in ms from the end of each disturbance to the next progress. */
  readonly recoveries: readonly number[];
  /** The longest undisturbed time without progress, in ms. */
  readonly longest: number;
}

/** Finds undisturbed times in which an expected repeated event did not happen. */
export function findGaps({ from, to, signs, disturbed, stalls, bound }: Watched): Gaps {
  const gaps: (Span & { ms: number })[] = [];
  const recoveries: number[] = [];
  let longest = 0;
  const isDisturbed = (at: number) => disturbed.some((span) => span.from <= at && at < span.to);
  const ends = new Set(disturbed.map((span) => span.to));
  const starts = [from, ...signs, ...ends].filter((at) => at >= from && at < to && !isDisturbed(at));
  starts.sort((a, b) => a - b);
  for (const [index, start] of starts.entries()) {
    const broken = disturbed.find((span) => span.from >= start)?.from ?? Number.POSITIVE_INFINITY;
    const next = starts[index + 1] ?? to;
    const end = Math.min(next, broken, to);
    const span = { from: start, to: end };
    const ms = end - start - covered(span, stalls);
    longest = Math.max(longest, ms);
    if (ms > bound) gaps.push({ ...span, ms });
    if (ends.has(start) && end === next && index + 1 < starts.length) recoveries.push(ms);
  }
  return { gaps, recoveries, longest };
}
