import { formatDuration } from "../../support/duration.js";
import { clip } from "../../support/redaction.js";
import type { LockView, RoundView, VoteView } from "../feed/frames.js";
import { observedTime } from "../feed/lag.js";
import { maxNameLength, utcClock } from "./incident.js";
import { listed, type NodeNames } from "./node-names.js";

/** What a sentence about a lock needs. */
export interface Told {
  readonly lock: LockView;
  /** Epoch ms by the clock of the lock's process. */
  readonly time: number;
  /** By how many ms that clock is behind the observer's clock. */
  readonly lag: number;
  readonly owner: string;
  readonly names: NodeNames;
}

function resourcesOf({ resources, more = 0 }: Pick<LockView, "resources" | "more">): string {
  const [first = "?", ...others] = resources;
  const many = others.length + more;
  return `${clip(first, maxNameLength)}${many === 0 ? "" : ` and ${many} more`}`;
}

/** "orders:1 lost at 19:48:07 UTC by api-1: its key was gone on 7711 and 7712 (...); held for 8 s". */
export function lostSentence({ lock, time, lag, owner, names }: Told): string {
  const held = lock.granted === null ? "" : `; held for ${formatDuration(Math.max(0, time - lock.granted))}`;
  return `${resourcesOf(lock)} lost at ${utcClock(observedTime(time, lag))} by ${owner}: ${causeOf(lock, names)}${held}`;
}

/** "orders:1 at risk since 19:48:03 UTC: api-1 found no quorum to renew it, 7712 gave no answer (timeout); ...". */
export function quorumLostSentence({ lock, time, lag, owner, names }: Told): string {
  const why = failuresOf(lock.round, names);
  const end =
    lock.validUntil === null
      ? ""
      : `; its lease runs out at ${utcClock(observedTime(lock.validUntil, lag))} unless a renewal succeeds`;
  const votes = why === "" ? "" : `, ${why}`;
  return `${resourcesOf(lock)} at risk since ${utcClock(observedTime(time, lag))}: ${owner} found no quorum to renew it${votes}${end}`;
}

function causeOf(lock: LockView, names: NodeNames): string {
  const { round } = lock;
  switch (lock.reason) {
    case "missing": {
      const gone = nodesOf(round, (vote) => vote.kind === "denied");
      const where = gone.length === 0 ? "on a majority of the nodes" : `on ${names.list(gone)}`;
      return `its key was gone ${where} (deleted, evicted or restarted)`;
    }
    case "taken":
      return takenCause(round, names);
    case "maxHold":
      return "it was held for the longest time allowed (maxHold)";
    case "dropped":
      return "its handle was garbage-collected without having been released";
    case "deadline": {
      const why = round?.asked === "renew" ? failuresOf(round, names) : "";
      return `its validity ran out before a renewal succeeded${why === "" ? "" : ` (${why})`}`;
    }
    default:
      return lock.reason === null ? "its process did not say why" : clip(lock.reason, maxNameLength);
  }
}

function takenCause(round: RoundView | null, names: NodeNames): string {
  const taken = (round?.votes ?? []).filter(({ kind, holder }) => kind === "denied" && holder != null);
  if (taken.length === 0) return "somebody else holds its key";
  const owners = [
    ...new Set(taken.map(({ holder }) => clip(holder?.owner ?? "an unknown owner", maxNameLength))),
  ];
  return `its key was held by ${listed(owners)} on ${names.list(taken.map(({ node }) => node))}`;
}

/** "7712 and 7713 gave no answer (timeout)": the nodes that did not grant, by their reasons. */
function failuresOf(round: RoundView | null, names: NodeNames): string {
  const groups = new Map<string, string[]>();
  for (const vote of round?.votes ?? []) {
    const why = voteText(vote);
    if (why === null) continue;
    const nodes = groups.get(why);
    if (nodes === undefined) groups.set(why, [vote.node]);
    else nodes.push(vote.node);
  }
  return [...groups]
    .slice(0, maxGroups)
    .map(([why, nodes]) => `${names.list(nodes)} ${why}`)
    .join(", ");
}

/** Maximum number of reasons in one sentence. */
const maxGroups = 4;

const failures: Readonly<Record<string, string>> = {
  timeout: "gave no answer in time",
  notReady: "had no connection",
  connection: "lost the connection",
  overloaded: "had too many requests under way",
  garbage: "gave an invalid answer",
  duplicate: "counted as a server that votes already",
  quarantined: "abstained (quarantined)",
};

function voteText({ kind, reason, message, holder }: VoteView): string | null {
  if (kind === "granted" || reason === "notAsked") return null;
  if (kind === "denied") {
    return holder == null
      ? "no longer had its key"
      : `had the key of ${clip(holder.owner ?? "an unknown owner", maxNameLength)}`;
  }
  const known = Object.hasOwn(failures, reason ?? "") ? failures[reason ?? ""] : undefined;
  return known ?? `refused (${clip(message ?? reason ?? "?", maxNameLength)})`;
}

const nodesOf = (round: RoundView | null, wanted: (vote: VoteView) => boolean): string[] =>
  (round?.votes ?? []).filter(wanted).map(({ node }) => node);
