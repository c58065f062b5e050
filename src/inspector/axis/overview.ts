import type { Beat, Frame, LockView, NodeView } from "../feed/frames.js";
import { lagAfter } from "../feed/lag.js";

export interface OverviewBounds {
  /** Maximum number of processes whose steps are counted. Default 1,000. */
  readonly sources?: number;
  /** ms of one count. Default 5,000. */
  readonly bucket?: number;
  /** Number of counts; beyond it the oldest are dropped. Default 722: an hour touches 721. */
  readonly buckets?: number;
}

/** A node's worst state in the eyes of all processes, from `time` (epoch ms) on. */
export interface NodeSpan {
  readonly time: number;
  readonly state: NodeView["state"];
}

/** What happened, in counts that are as many for a busy hour as for a quiet one. */
export interface OverviewView {
  /** Epoch ms of the first count, and ms of each count. */
  readonly from: number;
  readonly bucket: number;
  /** Per count: acquisitions, leases that were lost, and the most locks that were waiting at a time. */
  readonly acquired: readonly number[];
  readonly lost: readonly number[];
  readonly waiting: readonly number[];
  readonly nodes: readonly { readonly name: string; readonly spans: readonly NodeSpan[] }[];
}

/** Maximum number of nodes, of changes of one node, and of waiting locks that are counted. */
const maxNodes = 100;
const maxSpans = 500;
const maxWaiting = 20_000;

interface Source {
  beat: Beat | null;
  /** By how many ms the process's clock is behind the observer's clock; undefined before the first frame. */
  lag: number | undefined;
  /** By the number of the bucket, counted from the epoch. */
  readonly counts: Map<number, Counts>;
  readonly waiting: Set<string>;
}

interface Counts {
  acquired: number;
  lost: number;
  waiting: number;
}

/** Counts frames by the times that they bear, set right by the observer's clock, on a live page as in a replay. */
export class Overview {
  private readonly sources = new Map<string, Source>();
  private readonly nodes = new Map<
    string,
    { readonly states: Map<string, NodeView["state"]>; spans: NodeSpan[] }
  >();
  private readonly bounds: Required<OverviewBounds>;
  private waiting = 0;

  constructor({ sources = 1_000, bucket = 5_000, buckets = 722 }: OverviewBounds = {}) {
    this.bounds = { sources, bucket, buckets };
  }

  /** `at`: when the frame arrived, in epoch ms by the observer's clock. */
  apply(frame: Frame, at: number): void {
    const source = this.sourceOf(frame);
    if (source === null) return;
    const lag = lagAfter(source.lag, at - frame.time);
    source.lag = lag;
    switch (frame.kind) {
      case "beat":
        return this.beat(source, frame, lag);
      case "steps":
        for (const { lock, time } of frame.steps) this.lock(source, lock, time + lag);
        return;
      case "locks":
        for (const lock of frame.locks) this.lock(source, lock, frame.time + lag);
        return;
      case "gone":
        for (const id of frame.locks) if (source.waiting.delete(id)) this.waiting -= 1;
        return;
      case "bye":
        this.waiting -= source.waiting.size;
        source.waiting.clear();
        for (const name of this.nodes.keys()) {
          this.nodeChanged(name, frame.source, null, frame.time + lag);
        }
    }
  }

  /** The counts of the buckets that lie in the span, in epoch ms; at most as many as are kept. */
  view(from: number, to: number): OverviewView {
    const { bucket, buckets } = this.bounds;
    const last = Math.floor(to / bucket);
    const first = Math.max(Math.floor(from / bucket), last - buckets + 1);
    const length = Math.max(0, last - first + 1);
    const sum = (name: keyof Counts): number[] =>
      Array.from({ length }, (_, at) => {
        let all = 0;
        for (const { counts } of this.sources.values()) all += counts.get(first + at)?.[name] ?? 0;
        return all;
      });
    const nodes = [...this.nodes].map(([name, { spans }]) => ({ name, spans }));
    return {
      from: first * bucket,
      bucket,
      acquired: sum("acquired"),
      lost: sum("lost"),
      waiting: sum("waiting"),
      nodes,
    };
  }

  private beat(source: Source, beat: Beat, lag: number): void {
    const before = source.beat?.totals;
    source.beat = beat;
    const counts = this.countsAt(source, beat.time + lag);
    counts.waiting = Math.max(counts.waiting, source.waiting.size);
    if (before !== undefined) {
      // A total that shrinks means that the process counts from zero again.
      counts.acquired += Math.max(0, beat.totals.acquired - before.acquired);
      counts.lost += Math.max(0, beat.totals.expired - before.expired);
    }
    for (const { name, state, step } of beat.nodes) {
      const time = step?.to === state ? step.time : beat.time;
      this.nodeChanged(name, beat.source, state, time + lag);
    }
  }

  private lock(source: Source, { id, state }: LockView, time: number): void {
    if (!state.startsWith("acquiring")) {
      if (source.waiting.delete(id)) this.waiting -= 1;
      return;
    }
    if (source.waiting.has(id) || this.waiting >= maxWaiting) return;
    source.waiting.add(id);
    this.waiting += 1;
    const counts = this.countsAt(source, time);
    counts.waiting = Math.max(counts.waiting, source.waiting.size);
  }

  /** `state`: null if the process is gone. */
  private nodeChanged(name: string, source: string, state: NodeView["state"] | null, time: number): void {
    const node = this.nodes.get(name) ?? { states: new Map(), spans: [] };
    if (!this.nodes.has(name) && (state === null || this.nodes.size >= maxNodes)) return;
    this.nodes.set(name, node);
    if (state === null) node.states.delete(source);
    else node.states.set(source, state);
    if (node.states.size === 0) return;
    const worst = worstOf(node.states.values());
    const last = node.spans.at(-1);
    if (last?.state === worst) return;
    node.spans = [
      ...node.spans.slice(1 - maxSpans),
      { time: Math.max(time, last?.time ?? time), state: worst },
    ];
  }

  private countsAt({ counts }: Source, time: number): Counts {
    const bucket = Math.floor(time / this.bounds.bucket);
    const known = counts.get(bucket);
    if (known !== undefined) return known;
    const fresh = { acquired: 0, lost: 0, waiting: 0 };
    counts.set(bucket, fresh);
    if (counts.size > this.bounds.buckets) counts.delete(Math.min(...counts.keys()));
    return fresh;
  }

  private sourceOf({ source: name }: Frame): Source | null {
    const known = this.sources.get(name);
    if (known !== undefined) return known;
    if (this.sources.size >= this.bounds.sources) {
      // The one that was added first is most likely gone.
      const [oldest = ""] = this.sources.keys();
      this.waiting -= this.sources.get(oldest)?.waiting.size ?? 0;
      this.sources.delete(oldest);
    }
    const source: Source = { beat: null, lag: undefined, counts: new Map(), waiting: new Set() };
    this.sources.set(name, source);
    return source;
  }
}

const badness: readonly NodeView["state"][] = [
  "ready",
  "connecting",
  "suspect",
  "quarantined",
  "unresponsive",
  "down",
];

function worstOf(states: Iterable<NodeView["state"]>): NodeView["state"] {
  let worst = 0;
  for (const state of states) worst = Math.max(worst, badness.indexOf(state));
  return badness[worst] ?? "ready";
}
