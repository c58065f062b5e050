import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { lagAfter } from "../../../../src/inspector/feed/lag.js";
import type { ArrivedFrame } from "../../../../src/inspector/recording/arrivals.js";
import { type BandKind, type Span, timelineOf } from "../model/timeline.js";

/** A block of a lane: a lock that holds the resource, or waits for it. */
export interface Block {
  readonly lock: string;
  readonly source: string;
  readonly kind: BandKind;
  readonly from: number;
  readonly to: number;
}

/** The holders and waiters of one resource. */
export interface Lane {
  readonly resource: string;
  readonly holders: readonly Block[];
  readonly waiters: readonly Block[];
}

/** Maximum number of lanes, and of blocks of a lane. */
const maxLanes = 40;
const maxBlocks = 300;

/** The lanes of a span of the past, the resource with the most waiters first. */
export function lanesOf(frames: readonly ArrivedFrame[], span: Span): readonly Lane[] {
  const locks = new Map<string, { view: LockView; steps: Step[] }>();
  const lags = new Map<string, number>();
  for (const { frame, at } of frames) {
    if (at > span.to + 5_000) continue;
    lags.set(frame.source, lagAfter(lags.get(frame.source), at - frame.time));
    if (frame.kind === "locks") for (const view of frame.locks) note(view, null);
    if (frame.kind === "steps") for (const step of frame.steps) note(step.lock, step);
  }
  function note(view: LockView, step: Step | null) {
    const known = locks.get(view.id);
    if (known === undefined) locks.set(view.id, { view, steps: step === null ? [] : [step] });
    else if (step !== null) known.steps.push(step);
  }
  const lanes = new Map<string, { holders: Block[]; waiters: Block[] }>();
  for (const { view, steps } of locks.values()) {
    const [resource = "?"] = view.resources;
    const lane = lanes.get(resource) ?? { holders: [], waiters: [] };
    const { id: lock, source } = view;
    const lag = lags.get(source) ?? 0;
    const ownSpan = { from: span.from - lag, to: span.to - lag };
    for (const { kind, from, to } of timelineOf(steps, view, ownSpan).bands) {
      const row = kind === "waiting" ? lane.waiters : lane.holders;
      if (row.length < maxBlocks) row.push({ lock, source, kind, from: from + lag, to: to + lag });
    }
    if (lane.holders.length + lane.waiters.length > 0) lanes.set(resource, lane);
  }
  return [...lanes]
    .map(([resource, lane]) => ({ resource, ...lane }))
    .sort(
      (one, other) =>
        other.waiters.length - one.waiters.length ||
        other.holders.length - one.holders.length ||
        (one.resource < other.resource ? -1 : 1),
    )
    .slice(0, maxLanes);
}
