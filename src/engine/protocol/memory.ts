import { constants } from "./script.generated.js";

/** Who a server is, and what it knows of its past. */
export interface Identification {
  /** A fresh one each time it starts; null where it is hidden. */
  readonly runId: string | null;
  /** An id that was left there; null where there is none. */
  readonly id: string | null;
  /** Null where nothing can be kept beside the locks: what it forgets is not noticed then. */
  readonly memory: Memory | null;
}

/**
 * ms. Of the leases with a ttl up to this a server records only the longest ttl, for good. Longer ones are recorded one by
 * one, and forgotten when they are released or have run out: a ttl of a day, used once, must not count for ever.
 */
export const longestShort = constants.longestShort;

/** What a server remembers. */
export interface Memory {
  /**
   * `kept`: all that it granted. `lost`: nothing is sure; it was emptied, or restarted, or was a replica. `abstaining`: it is
   * known to have lost its memory, and does not vote until it is told to.
   */
  readonly state: "kept" | "lost" | "abstaining";
  /** What is found there only as long as the memory is kept. */
  readonly mark: string;
  /** The longest short ttl, ms, that it was ever asked to keep anything for; while it abstains, that the others were. */
  readonly longest: number;
  /** ms until the last of the long leases is over that it holds, of those that are as old as was asked for. */
  readonly longLeft: number;
  /** ms for which it is still to abstain. */
  readonly left: number;
  /** Null unless it abstains. */
  readonly abstention: AbstentionTerm | null;
  /** Epoch ms by its own clock when it said so. */
  readonly now: number;
  /** The highest fence of all that it has accepted. */
  readonly watermark: number;
  /** The compare-and-set precondition: a change is made only where this is still the marker. */
  readonly marker: string;
}

/** How long a server that lost its memory is to abstain. All in epoch ms of its own clock. */
export interface AbstentionTerm {
  /** When it ends. It is moved forward when the long leases that it waits for have been released. */
  readonly until: number;
  /** It does not end before this: until then a short lease may be valid. */
  readonly least: number;
  /** When every round has been decided that was under way as the memory was lost. */
  readonly settles: number;
  /** Whether the others have been looked at since: from then on the end is never moved back. */
  readonly settled: boolean;
}

/** A new memory for a server that has lost its own, or another end of its abstention. */
export interface MemoryChange {
  /** The marker that was seen. */
  readonly marker: string;
  /** Null: it votes from now on. */
  readonly abstention: AbstentionTerm | null;
  readonly longest: number;
  readonly watermark: number;
}

/** Stands for a replication history that is not known. */
const unknownHistory = "-";

/**
 * `id.life longest history`: it votes; `- until least settles …`, or `=` in place of the `-` once it is settled: it abstains;
 * `? id.life 0 history`: it lost its memory, and nothing was decided since. `history`: the replication id, and how often the
 * server was told to change its role, `id:count`.
 */
const form = /^(?:([-=]) (\d+) (\d+) (\d+) )?(([\w-]+)\.([\w-]*)) (\d+) (\S+)$/;

/** What stands before the mark of a server that abstains; empty for one that votes. */
export const formAbstention = (abstention: AbstentionTerm | null): string => {
  if (abstention === null) return "";
  const { until, least, settles, settled } = abstention;
  return `${settled ? "=" : "-"} ${[until, least, settles].map(exact).join(" ")} `;
};

export const formMarker = (
  id: string | number,
  life: string,
  longest: number,
  abstention: AbstentionTerm | null = null,
) => `${formAbstention(abstention)}${id}.${life} ${longest} ${unknownHistory}`;

/** The marker of one loss, of which no other can have the same. */
export const formLoss = (id: string | number, life: string) => `? ${formMarker(id, life, 0)}`;

/** Rounded up, and never so large that it would not be written with its digits. */
const exact = (time: number): number => Math.max(0, Math.min(Math.ceil(time), Number.MAX_SAFE_INTEGER));

/** What a server says beside its marker. */
export interface MarkerContext {
  readonly runId: string | null;
  /** Epoch ms by the server's clock. */
  readonly now: number;
  readonly watermark: number;
  readonly longLeft: number;
}

export function readMarker(
  marker: string,
  { runId, now, watermark, longLeft }: MarkerContext,
): Identification {
  const [, kind, until, least, settles, mark = "", id, life, longest] = form.exec(marker) ?? [];
  const shared = { mark, longest: Number(longest ?? 0), longLeft, now, watermark, marker };
  // A new life may have begun with an old memory.
  if (id === undefined || (life !== "" && runId !== null && life !== runId)) {
    return { runId, id: null, memory: { ...shared, state: "lost", left: 0, abstention: null } };
  }
  if (kind === undefined)
    return { runId, id, memory: { ...shared, state: "kept", left: 0, abstention: null } };
  const abstention = {
    until: Number(until),
    least: Number(least),
    settles: Number(settles),
    settled: kind === "=",
  };
  const left = Math.max(0, abstention.until - now);
  return { runId, id, memory: { ...shared, state: "abstaining", left, abstention } };
}

/** Whether two introductions are the same server's. Run ids decide: the rest of a memory may have been copied. */
export const isSameServer = (one: Identification, other: Identification): boolean =>
  one.runId !== null && other.runId !== null
    ? one.runId === other.runId
    : one.id !== null && one.id === other.id;
