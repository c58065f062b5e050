import type { Work } from "./client.js";
import type { Injected } from "./inject.js";
import { kindOf } from "./kinds.js";
import { covered, merged, type Span, spansOf, type WitnessedNote } from "./record.js";

/** One process of clients, from when its nodes had first answered until it was ended. */
export interface Life extends Span {
  /** The process. */
  readonly id: string;
  /** Its number among the processes that run at the same time. */
  readonly client: number;
  /** What it does all the time. */
  readonly works: readonly Work[];
  /** It was given no time to release what it held. */
  readonly killed?: boolean;
}

/** While which each server and each process was hurt, and while which it got no time to run. Times: ms. */
export class Disturbances {
  readonly #stalls: readonly Span[];
  readonly #own = new Map<string, Span[]>();

  /** `stalls`: while which everything between processes and servers stood still. */
  constructor(
    private readonly injected: readonly Injected[],
    stalls: readonly Span[],
    notes: readonly WitnessedNote[],
  ) {
    this.#stalls = stalls;
    for (const { client, stalls: own = [] } of notes) {
      const known = this.#own.get(client);
      if (known === undefined) this.#own.set(client, spansOf(own));
      else known.push(...spansOf(own));
    }
  }

  /** Until it may vote again, if it has lost its memory. */
  ofServer(server: number): Span[] {
    const hurt = this.injected.filter(({ kind, scope, target }) => {
      return kindOf(kind).everywhere || (scope === "server" && target === server);
    });
    return merged(hurt.map(({ kind, from, to }) => ({ from, to: to + (kindOf(kind).abstains ?? 0) })));
  }

  ofClient(client: number): Span[] {
    return merged(this.injected.filter(({ scope, target }) => scope === "client" && target === client));
  }

  /** While which that process, or all links, had no time to run. */
  stallsOf(id: string): Span[] {
    return merged([...this.#stalls, ...(this.#own.get(id) ?? [])]);
  }

  /** Until when the server has brought back what it once had, from a copy. */
  restoredUntil(server: number): number {
    const restores = this.injected.filter(({ kind, scope, target }) => {
      return scope === "server" && target === server && kindOf(kind).restores;
    });
    return Math.max(Number.NEGATIVE_INFINITY, ...restores.map(({ to }) => to));
  }
}

export interface Watched extends Span {
  /** When what is to happen happened, ascending. */
  readonly signs: readonly number[];
  /** After each of these it may take its time anew; merged. */
  readonly disturbed: readonly Span[];
  /** These do not count; merged. */
  readonly stalls: readonly Span[];
  /** ms. */
  readonly bound: number;
}

export interface Gaps {
  /** Longer than the bound without a sign, though nothing was wrong; `ms` without stalls. */
  readonly gaps: readonly (Span & { readonly ms: number })[];
  /** ms from the end of each disturbance to the next sign. */
  readonly recoveries: readonly number[];
  /** ms. */
  readonly longest: number;
}

/** Whether what is to happen again and again does, wherever nothing keeps it from doing so. */
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
