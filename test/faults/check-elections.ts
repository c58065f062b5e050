import type { RecordedNote } from "./record.js";

/** What happened in the election of all processes. */
export interface Elections {
  /** The terms that began. */
  readonly terms: number;
  /** Pairs of terms whose candidates believed at the same time that they lead. */
  readonly overlaps: readonly string[];
  /** Terms whose fence does not exceed that of the term before. */
  readonly fenceFaults: readonly string[];
}

interface SeenTerm {
  readonly client: string;
  readonly fence: number;
  readonly from: number;
  to: number;
}

export function judgeElections(notes: readonly RecordedNote[]): Elections {
  const terms = termsOf(notes);
  const overlaps: string[] = [];
  const fenceFaults: string[] = [];
  /** The term, of those that began before, that ends last. */
  let longest: SeenTerm | undefined;
  let previous: SeenTerm | undefined;
  for (const term of terms) {
    if (longest !== undefined && term.from < longest.to) {
      const ms = Math.min(term.to, longest.to) - term.from;
      overlaps.push(`${longest.client} and ${term.client} led at the same time, for ${ms.toFixed(3)} ms`);
    }
    if (previous !== undefined && term.fence <= previous.fence)
      fenceFaults.push(`the term of ${term.client} has the fence ${term.fence}, after ${previous.fence}`);
    if (longest === undefined || term.to > longest.to) longest = term;
    previous = term;
  }
  return { terms: terms.length, overlaps, fenceFaults };
}

/** The terms in the order of their beginnings. A term that lasts is in several notes. */
function termsOf(notes: readonly RecordedNote[]): SeenTerm[] {
  const terms = new Map<string, SeenTerm>();
  for (const { client, terms: seen = [] } of notes) {
    for (const { fence, from, to } of seen) {
      const key = `${client} ${fence}`;
      const known = terms.get(key);
      if (known === undefined) terms.set(key, { client, fence, from, to });
      else known.to = Math.max(known.to, to);
    }
  }
  return [...terms.values()].sort((one, other) => one.from - other.from);
}
