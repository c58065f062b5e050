import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { isSignOfLife } from "./asks.js";
import { topState } from "./states.js";

/** A period of a lock as it is drawn. "atRisk": still held, but no quorum renews the lease. */
export type BandKind = "waiting" | "held" | "atRisk" | "releasing" | "expired";

interface Band {
  readonly kind: BandKind;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
}

/** An event that is drawn as a tick. */
export type MarkKind =
  | "asked"
  | "granted"
  | "renewed"
  | "retry"
  | "quorumLost"
  | "expired"
  | "released"
  | "failed";

interface Mark {
  readonly kind: MarkKind;
  /** Epoch ms. */
  readonly time: number;
}

export interface Timeline {
  readonly bands: readonly Band[];
  readonly marks: readonly Mark[];
}

/** In epoch ms, by the clock of the lock's process. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Null for a state in which nothing is requested or held. */
function bandOf(path: string): BandKind | null {
  switch (topState(path)) {
    case "acquiring":
      return "waiting";
    case "held":
    case "upgrading":
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

function markOf(step: Step): MarkKind | null {
  const { event, from, to } = step;
  switch (event) {
    case "GRANTED":
      return "granted";
    case "RENEWED":
      return "renewed";
    case "RETRY":
      return isSignOfLife(step) ? "asked" : "retry";
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

/** When the lock left idle, in epoch ms, as far as the lock's view tells. */
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
 * The part of a lock's history that falls into the span. `lock`: its current view; `steps`: the known steps, oldest
 * first. The time before the first step is drawn as far as the view tells.
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
    // Held, renewing and held again form one period.
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
