import { checkVersion } from "./protocol-version.js";
import { constants } from "./script.generated.js";

/** The identity of a server, and its memory. */
export interface Identification {
  /** The run id, which changes with each start of the server; null if it is hidden. */
  readonly runId: string | null;
  /** An id that a client stored on the server; null if there is none. */
  readonly id: string | null;
  /** Null if nothing can be stored beside the locks: a loss of memory is then not detected. */
  readonly memory: Memory | null;
}

/**
 * Limit in ms between short and long leases. For leases with a ttl up to this limit, a server records only the longest
 * ttl, permanently. Longer leases are recorded one by one, and their records are removed when they are released or have
 * expired: a ttl of a day that was used once must not count forever.
 */
export const longestShort = constants.longestShort;

/**
 * The id of a memory that a set of this one node gives to its server. Another id means that a set of several nodes has used
 * the server since it last lost its memory.
 */
export const idOfSingle = (secret: string): string => `single-${secret}`;

/** Whether only sets of one node have used the server since it last lost its memory. */
export const isOfSingle = ({ state, mark }: Pick<Memory, "state" | "mark">): boolean =>
  state === "kept" && mark.startsWith("single-");

/** The memory of a server. */
export interface Memory {
  /**
   * `kept`: the server remembers everything that it granted. `lost`: nothing is certain, because the server was emptied,
   * was restarted, or was a replica. `abstaining`: the server is known to have lost its memory, and does not vote until a
   * client ends the abstention.
   */
  readonly state: "kept" | "lost" | "abstaining";
  /** The mark, which is on the server only as long as the memory is kept. */
  readonly mark: string;
  /**
   * The longest short ttl in ms that the server was ever asked for; while the server abstains, the longest that the other
   * servers were asked for.
   */
  readonly longest: number;
  /** ms until the last long lease on the server ends, among those that have the requested minimum age. */
  readonly longLeft: number;
  /** Remaining time of the abstention in ms. */
  readonly left: number;
  /** Null unless the server abstains. */
  readonly abstention: AbstentionTerm | null;
  /** The time of the reply in epoch ms, by the server's own clock. */
  readonly now: number;
  /** The highest fence that the server has ever accepted. */
  readonly watermark: number;
  /** The compare-and-set precondition: a change applies only while this is still the marker. */
  readonly marker: string;
}

/** The abstention of a server that lost its memory. All times are in epoch ms of the server's own clock. */
export interface AbstentionTerm {
  /**
   * The end of the abstention. The end is moved forward when the long leases that the server waits for have been
   * released.
   */
  readonly until: number;
  /** The earliest end: until then a short lease may be valid. */
  readonly least: number;
  /** The time by which every round has been decided that was under way when the memory was lost. */
  readonly settles: number;
  /** Whether the other servers have been asked since then: if so, the end is never moved back. */
  readonly settled: boolean;
}

/** A new memory for a server that has lost its memory, or a new end of its abstention. */
export interface MemoryChange {
  /** The marker that the change is based on. */
  readonly marker: string;
  /** Null: the server votes from now on. */
  readonly abstention: AbstentionTerm | null;
  readonly longest: number;
  readonly watermark: number;
}

/** The placeholder for an unknown replication history. */
const unknownHistory = "-";

/**
 * The forms of a marker. `id.runId longest history`: the server votes. `- until least settles …`, or `=` in place of `-`
 * once the abstention is settled: the server abstains. `? id.runId 0 history`: the server lost its memory, and nothing
 * was decided since. A later protocol version writes its number in front of that, see `checkVersion`. `history`: the replication id, and how often the server was told to change its role, `id:count`.
 */
const markerForm = /^(?:([-=]) (\d+) (\d+) (\d+) )?(([\w-]+)\.([\w-]*)) (\d+) (\S+)$/;

/** The prefix of the mark of a server that abstains; empty for a server that votes. */
export const formatAbstention = (abstention: AbstentionTerm | null): string => {
  if (abstention === null) return "";
  const { until, least, settles, settled } = abstention;
  return `${settled ? "=" : "-"} ${[until, least, settles].map(exact).join(" ")} `;
};

export const formatMarker = (
  id: string | number,
  runId: string,
  longest: number,
  abstention: AbstentionTerm | null = null,
) => `${formatAbstention(abstention)}${id}.${runId} ${longest} ${unknownHistory}`;

/** The marker of one loss of memory. No other loss has the same marker. */
export const formatLoss = (id: string | number, runId: string) => `? ${formatMarker(id, runId, 0)}`;

/** Rounds up, and limits the result to integers that are written as plain digits. */
const exact = (time: number): number => Math.max(0, Math.min(Math.ceil(time), Number.MAX_SAFE_INTEGER));

/** The part of a server's reply that is not in its marker. */
export interface MarkerContext {
  readonly runId: string | null;
  /** Epoch ms by the server's clock. */
  readonly now: number;
  readonly watermark: number;
  readonly longLeft: number;
}

/** @throws NewerMemoryError if the marker is of a later protocol version. */
export function readMarker(
  marker: string,
  { runId, now, watermark, longLeft }: MarkerContext,
): Identification {
  checkVersion(marker);
  const [, kind, until, least, settles, mark = "", id, markedRunId, longest] = markerForm.exec(marker) ?? [];
  const shared = { mark, longest: Number(longest ?? 0), longLeft, now, watermark, marker };
  // A server may have restarted with an old memory.
  if (id === undefined || (markedRunId !== "" && runId !== null && markedRunId !== runId)) {
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

/**
 * Whether two identifications belong to the same server. Run ids decide, because the rest of a memory may have been
 * copied.
 */
export const isSameServer = (one: Identification, other: Identification): boolean =>
  one.runId !== null && other.runId !== null
    ? one.runId === other.runId
    : one.id !== null && one.id === other.id;
