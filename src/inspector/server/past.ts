import { Overview, type OverviewView } from "../axis/overview.js";
import type { Frame } from "../feed/frames.js";
import type { Incident } from "../incidents/incident.js";
import { IncidentAggregate } from "../incidents/incident-aggregate.js";
import type { FrameStore } from "../recording/frame-store.js";
import { framesOfStore } from "../recording/store-frames.js";

/** What is known of the past, for the time axis. */
export interface Past {
  readonly store: FrameStore;
  readonly overview: OverviewView;
  readonly incidents: readonly Incident[];
  /** Epoch ms of the time axis. */
  readonly from: number;
  readonly to: number;
  /** The part of a recording that has been examined, from 0 to 1. */
  readonly examined: number;
}

/** Characters of a window of frames: some minutes of a busy system. */
const maxWindow = 8 * 1024 * 1024;

/** A part of a store that is read at once. Times in epoch ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
  /** Whether there is something before and after it. */
  readonly first: boolean;
  readonly last: boolean;
  /** When each segment begins, and its lines. */
  readonly starts: readonly number[];
  readonly segments: readonly string[];
}

/** The segments around a time: the one that contains it, and as many later and earlier ones as fit. */
export async function windowAt(store: FrameStore, time: number): Promise<Window> {
  const { segments } = store;
  const later = segments.findIndex(({ from }) => from > time);
  const found = (later === -1 ? segments.length : later) - 1;
  let first = Math.max(0, found);
  let last = first;
  let size = segments[first]?.size ?? 0;
  const fits = (index: number) => {
    const segment = segments[index];
    if (segment === undefined || size + segment.size > maxWindow) return false;
    size += segment.size;
    return true;
  };
  while (fits(last + 1)) last += 1;
  while (fits(first - 1)) first -= 1;
  const wanted = segments.slice(first, last + 1);
  const lines: string[] = [];
  for (let index = first; index < first + wanted.length; index += 1) lines.push(await store.lines(index));
  return {
    from: wanted[0]?.from ?? 0,
    to: wanted.at(-1)?.to ?? 0,
    first: first === 0,
    last: last >= segments.length - 1,
    starts: wanted.map(({ from }) => from),
    segments: lines,
  };
}

/** Frames that are examined before the event loop goes on. */
const batch = 200;

/** Examines a recording from its beginning to its end, while it can be shown already. */
export class ExaminedRecording implements Past {
  examined = 0;
  readonly from: number;
  readonly to: number;
  private readonly counted: Overview;
  private readonly aggregate = new IncidentAggregate({ steps: 1, stepsOfLock: 1 });
  private stopped = false;

  constructor(readonly store: FrameStore) {
    this.from = store.segments[0]?.from ?? 0;
    this.to = store.segments.at(-1)?.to ?? this.from;
    // An hour has counts of five seconds; as many counts for a longer time are coarser.
    const bucket = Math.max(5_000, Math.ceil((this.to - this.from) / 720 / 5_000) * 5_000);
    this.counted = new Overview({ bucket });
  }

  get overview(): OverviewView {
    return this.counted.view(this.from, this.to);
  }

  get incidents(): readonly Incident[] {
    return this.aggregate.incidents.all;
  }

  /** Rejects if the recording cannot be read. */
  async examine(): Promise<void> {
    let time = Number.NEGATIVE_INFINITY;
    let count = 0;
    for await (const { frame, at } of framesOfStore(this.store)) {
      // The recorder's clock may have been set back.
      time = Math.max(time, at);
      this.add(frame, time);
      count += 1;
      if (count % batch > 0) continue;
      if (this.stopped) return;
      this.examined = Math.min(0.999, Math.max(0, (time - this.from) / (this.to - this.from)));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.examined = 1;
  }

  stop(): void {
    this.stopped = true;
  }

  private add(frame: Frame, time: number): void {
    this.counted.apply(frame, time);
    this.aggregate.apply(frame, time);
  }
}
