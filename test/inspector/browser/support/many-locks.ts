import type { Beat, Frame, LockView, NodeView, Step } from "../../../../src/inspector/feed/frames.js";

/** The states of a lock that is acquired, renewed and released. */
const life = [
  ["ACQUIRE", "idle", "acquiring.asking"],
  ["GRANTED", "acquiring.asking", "held"],
  ["RENEW", "held", "renewing.asking"],
  ["RENEWED", "renewing.asking", "held"],
  ["RELEASE", "held", "releasing"],
  ["RELEASED", "releasing", "idle"],
] as const;

const ttl = 10_000;
const nodes = ["node-1", "node-2", "node-3", "node-4", "node-5"];

/** A simulated process with any number of locks, which produces real frames. */
export class ManyLocks {
  private seq = 0;
  private turn = 0;
  private readonly places: number[];
  private readonly locks: LockView[];

  constructor(
    size: number,
    private readonly source = "many",
  ) {
    this.places = Array.from({ length: size }, (_, index) => index % life.length);
    this.locks = this.places.map((place, index) => this.lockAt(index, place, Date.now()));
  }

  /** The current state of all locks. */
  *frames(now: number): Generator<Frame> {
    yield this.beat(now);
    for (let from = 0; from < this.locks.length; from += 500) {
      yield { ...this.head(now), kind: "locks", locks: this.locks.slice(from, from + 500) };
    }
  }

  /** The next `count` steps, of one lock after the other. */
  steps(count: number, now: number): Frame {
    const steps: Step[] = [];
    for (let index = 0; index < count; index += 1) {
      const which = (this.turn++ * 7) % this.locks.length;
      const [event, from, to] = life[this.places[which]! % life.length]!;
      this.places[which]! += 1;
      const lock = this.lockAt(which, this.places[which]!, now);
      this.locks[which] = lock;
      steps.push({ time: now, event, from, to, lock });
    }
    return { ...this.head(now), kind: "steps", steps };
  }

  beat(now: number): Beat {
    const totals = {
      acquired: this.turn,
      failed: 0,
      retries: 3,
      renewed: this.turn,
      quorumLost: 0,
      expired: 0,
    };
    return {
      ...this.head(now),
      kind: "beat",
      owner: "many",
      pid: 4_711,
      prefix: "",
      nodes: nodes.map(
        (name): NodeView => ({
          name,
          state: "ready",
          cause: null,
          until: null,
          p50: 0.4,
          p99: 1.9,
          step: null,
        }),
      ),
      totals: { ...totals, released: this.turn },
      inUse: this.locks.filter(({ state }) => state !== "idle").length,
      missed: 0,
    };
  }

  private head(time: number) {
    this.seq += 1;
    return { source: this.source, seq: this.seq, time };
  }

  private lockAt(index: number, place: number, now: number): LockView {
    const [, state] = life[place % life.length]!;
    const taken = state !== "idle" && state !== "acquiring.asking";
    return {
      id: `${this.source}/${index}`,
      source: this.source,
      resources: [`orders:${String(index).padStart(5, "0")}`],
      state,
      since: now,
      acquisition: `a-${index}-${place}`,
      began: now - 4,
      granted: taken ? now : null,
      attempts: 1 + (index % 3),
      renewals: place,
      reason: null,
      ttl,
      validUntil: taken ? now + ttl : null,
      fence: taken ? index + place : null,
      round: {
        asked: "acquire",
        time: now,
        votes: nodes.slice(0, 3).map((node) => ({ node, kind: "granted" })),
      },
    };
  }
}
