/** Who a server is, and what it knows of its past. */
export interface Introduction {
  /** A fresh one each time it starts; null where it is hidden. */
  readonly runId: string | null;
  /** An id that was left there; null where there is none. */
  readonly id: string | null;
  /** Null where nothing can be kept beside the locks: what it forgets is not noticed then. */
  readonly memory: Memory | null;
}

/** What a server remembers. */
export interface Memory {
  /**
   * `kept`: all that it granted. `lost`: nothing is sure; it was emptied, or restarted. `abstaining`: it is known to have
   * lost its memory, and does not vote until it is told to.
   */
  readonly state: "kept" | "lost" | "abstaining";
  /** What is found there only as long as the memory is kept. */
  readonly mark: string;
  /** The longest ttl, ms, that it was ever asked to keep anything for; while it abstains, that the others were. */
  readonly longest: number;
  /** ms for which it is still to abstain. */
  readonly left: number;
  /** The highest fence of all that it has accepted. */
  readonly watermark: number;
  /** What it stands on: a change is made only where it still does. */
  readonly marker: string;
}

/** A new memory for a server that has lost its own. */
export interface MemoryChange {
  /** The marker that was seen. */
  readonly marker: string;
  /** ms; 0: from now on it votes. */
  readonly abstain: number;
  readonly longest: number;
  readonly watermark: number;
}

/**
 * `id.life longest`: it votes; `- until id.life longest`: it abstains until then (epoch ms of its own clock);
 * `? id.life 0`: it lost its memory, and nothing was decided since.
 */
const form = /^(?:- (\d+) )?(([\w-]+)\.([\w-]*)) (\d+)$/;

/** `until`: null if it votes. */
export const formMarker = (id: string | number, life: string, longest: number, until: number | null = null) =>
  `${until === null ? "" : `- ${until} `}${id}.${life} ${longest}`;

/** The marker of one loss, of which no other can have the same. */
export const formLoss = (id: string | number, life: string) => `? ${formMarker(id, life, 0)}`;

/** `now`: by the server's clock. */
export function readMarker(
  marker: string,
  runId: string | null,
  now: number,
  watermark: number,
): Introduction {
  const [, until, mark = "", id, life, longest] = form.exec(marker) ?? [];
  const shared = { mark, longest: Number(longest ?? 0), watermark, marker };
  // A new life may have begun with an old memory.
  if (id === undefined || (life !== "" && runId !== null && life !== runId)) {
    return { runId, id: null, memory: { ...shared, state: "lost", left: 0 } };
  }
  const left = until === undefined ? 0 : Math.max(0, Number(until) - now);
  const state = until === undefined ? "kept" : "abstaining";
  return { runId, id, memory: { ...shared, state, left } };
}

/** Whether two introductions are the same server's. Run ids decide: the rest of a memory may have been copied. */
export const isSameServer = (one: Introduction, other: Introduction): boolean =>
  one.runId !== null && other.runId !== null
    ? one.runId === other.runId
    : one.id !== null && one.id === other.id;
