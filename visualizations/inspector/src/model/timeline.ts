import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { topState } from "./states.js";

/** A stretch of a lock's life, as it is drawn. "atRisk": still held, and no quorum renews it. */
export type BandKind = "waiting" | "held" | "atRisk" | "releasing" | "expired";

interface Band {
  readonly kind: BandKind;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
}

/** A moment that is drawn as a tick. */
export type MarkKind = "granted" | "renewed" | "retry" | "quorumLost" | "expired" | "released" | "failed";

interface Mark {
  readonly kind: MarkKind;
  /** Epoch ms. */
  readonly time: number;
}

export interface Timeline {
  readonly bands: readonly Band[];
  readonly marks: readonly Mark[];
}

/** Epoch ms, by the clock of the lock's process. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Null for a state in which nothing is wanted or held. */
function bandOf(path: string): BandKind | null {
  switch (topState(path)) {
    case "acquiring":
      return "waiting";
    case "held":
      return "held";
    case "renewing":
      return path === "renewing.retrying" ? "atRisk" : "held";
    case "releasing":
      return "releasing";
    case "expired":
      return "expired";
    default:
      return null;
  }
}

function markOf({ event, from, to }: Step): MarkKind | null {
  switch (event) {
    case "GRANTED":
      return "granted";
    case "RENEWED":
      return "renewed";
    case "RETRY":
      return "retry";
    case "RELEASED":
    case "HAND_OVER":
      return "released";
    case "NO_QUORUM":
      if (topState(from) === "renewing") return "quorumLost";
      break;
  }
  if (topState(to) === "expired") return "expired";
  return topState(from) === "acquiring" && to === "idle" ? "failed" : null;
}

/** Since when the lock had been in a state that is not idle, as far as it tells; epoch ms. */
function beginOf(path: string, { began, granted }: Pick<LockView, "began" | "granted">): number | null {
  switch (bandOf(path)) {
    case null:
    case "expired":
      return null;
    case "waiting":
      return began;
    default:
      return granted;
  }
}

/**
 * What of a lock's life falls into the span. `lock`: as it is now; `steps`: the remembered ones, oldest first. What was
 * before the first of them is drawn as far as the lock itself tells.
 */
export function timelineOf(
  steps: readonly Step[],
  lock: Pick<LockView, "state" | "since" | "began" | "granted">,
  { from, to }: Span,
): Timeline {
  const bands: Band[] = [];
  const marks: Mark[] = [];
  const add = (path: string, start: number, end: number) => {
    const kind = bandOf(path);
    if (kind === null || end <= from || start >= to || end <= start) return;
    const last = bands.at(-1);
    const band = { kind, from: Math.max(start, from), to: Math.min(end, to) };
    // Held, renewing and held again is one stretch.
    if (last?.kind === kind && last.to >= band.from) bands[bands.length - 1] = { ...last, to: band.to };
    else bands.push(band);
  };
  const [first] = steps;
  let path = first?.from ?? lock.state;
  let since = beginOf(path, first?.lock ?? lock) ?? first?.time ?? lock.since;
  for (const step of steps) {
    add(path, since, step.time);
    const kind = markOf(step);
    if (kind !== null && step.time >= from && step.time <= to) marks.push({ kind, time: step.time });
    path = step.to;
    since = step.time;
  }
  add(path, since, to);
  return { bands, marks };
}
