import { createHash } from "node:crypto";
import type { Frame, LockView, NodeView, RoundView, Step } from "../../../src/inspector/feed/frames.js";

/** A generator of numbers from 0 to 1 that gives the same numbers for the same seed. */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const nodes = [7711, 7712, 7713].map((port) => `redis://10.0.0.1:${port}`);
const ttl = 10_000;

/**
 * Frames as processes publish them, in compressed time: steps every 0.1 s, a beat every second, and each lock again every
 * five seconds. Locks are acquired, renewed, contended and released, with random times, owners and hashes.
 */
export class Night {
  private readonly random: () => number;
  private readonly locks: LockView[];
  private readonly seqs: number[];
  private resent = 0;
  private acquired = 0;
  private expired = 0;
  private readonly due: number[];
  /** Epoch ms. */
  time: number;

  constructor(
    readonly start: number,
    private readonly size: {
      readonly locks: number;
      readonly stepsPerSecond: number;
      readonly processes: number;
    },
    seed = 1,
  ) {
    this.random = randomness(seed);
    this.time = start;
    this.seqs = Array.from({ length: size.processes }, () => 0);
    this.due = Array.from({ length: size.processes }, () => 0);
    this.locks = Array.from({ length: size.locks }, (_, index) => this.newLock(index));
  }

  /** The frames of the next tenth of a second. */
  *tick(): Generator<Frame> {
    this.time += 100;
    const { processes, stepsPerSecond, locks } = this.size;
    const steps = Array.from({ length: processes }, (): Step[] => []);
    for (let count = 0; count < stepsPerSecond / 10; count += 1) {
      const index = Math.floor(this.random() * locks);
      const step = this.step(index);
      steps[index % processes]?.push(step);
    }
    for (let process = 0; process < processes; process += 1) {
      const own = (steps[process] ?? []).sort((one, other) => one.time - other.time);
      if (this.time >= (this.due[process] ?? 0)) {
        this.due[process] = this.time + 1_000;
        yield this.beat(process);
      }
      if (own.length > 0) yield { ...this.head(process), kind: "steps", steps: own };
    }
    // Each lock again every five seconds, in messages of some locks.
    const part = Math.ceil(locks / 50);
    const again = Array.from({ length: part }, () => this.locks[this.resent++ % locks]!);
    for (let process = 0; process < processes; process += 1) {
      const own = again.filter(({ source }) => source === `p${process}`);
      if (own.length > 0) yield { ...this.head(process), kind: "locks", locks: own };
    }
  }

  private head(process: number) {
    this.seqs[process] = (this.seqs[process] ?? 0) + 1;
    return { source: `p${process}`, seq: this.seqs[process] ?? 0, time: this.time };
  }

  beat(process: number): Frame {
    const view = (name: string): NodeView => ({
      name,
      state: "ready",
      cause: null,
      until: null,
      p50: Math.round(this.random() * 400) / 1_000,
      p99: Math.round(this.random() * 4_000) / 1_000,
      step: null,
    });
    const { acquired, expired } = this;
    const totals = {
      acquired,
      failed: 0,
      retries: acquired,
      renewed: acquired,
      quorumLost: 0,
      expired,
      released: acquired,
    };
    return {
      ...this.head(process),
      kind: "beat",
      owner: `api-${process}:${4_711 + process}`,
      pid: 4_711 + process,
      prefix: "shop:",
      nodes: nodes.map(view),
      totals,
      inUse: this.size.locks,
      missed: 0,
    };
  }

  private newLock(index: number): LockView {
    const source = `p${index % this.size.processes}`;
    return {
      id: `${source}/${index}`,
      source,
      resources: [`orders:${11_000 + index}`],
      state: "idle",
      since: this.start,
      acquisition: null,
      began: null,
      granted: null,
      attempts: 0,
      renewals: 0,
      reason: null,
      ttl: null,
      validUntil: null,
      fence: null,
      round: null,
    };
  }

  private step(index: number): Step {
    const lock = this.locks[index]!;
    const time = this.time - Math.floor(this.random() * 100);
    const [event, to, changes] = this.next(lock, time);
    const view: LockView = { ...lock, ...changes, state: to, since: time };
    this.locks[index] = view;
    return { time, event, from: lock.state, to, lock: view };
  }

  private next(lock: LockView, time: number): [string, string, Partial<LockView>] {
    switch (lock.state) {
      case "idle":
      case "expired": {
        const acquisition = `${lock.source}-${(this.acquired * 7).toString(36)}`;
        const fresh = { acquisition, began: time, granted: null, renewals: 0, reason: null, round: null };
        return [
          "ACQUIRE",
          "acquiring.asking",
          { ...fresh, attempts: 1, ttl: null, validUntil: null, fence: null },
        ];
      }
      case "acquiring.waiting":
        return ["RETRY", "acquiring.asking", { attempts: lock.attempts + 1 }];
      case "acquiring.asking":
        if (this.random() < 0.3) {
          return ["DENIED", "acquiring.waiting", { reason: "contended", round: this.denied(time) }];
        }
        this.acquired += 1;
        return [
          "GRANTED",
          "held",
          {
            granted: time,
            ttl,
            validUntil: time + ttl - 200,
            reason: null,
            fence: this.acquired,
            round: votes("acquire", time),
          },
        ];
      case "held":
        return this.random() < 0.5 ? ["RENEW", "renewing.asking", {}] : ["RELEASE", "releasing", {}];
      case "renewing.asking": {
        if (this.random() < 0.001) {
          this.expired += 1;
          const round = {
            ...votes("renew", time),
            votes: nodes.map((node) => ({ node, kind: "denied" as const, holder: null })),
          };
          return ["LOST", "expired", { reason: "missing", validUntil: null, round }];
        }
        const renewals = lock.renewals + 1;
        return ["RENEWED", "held", { renewals, validUntil: time + ttl - 200, round: votes("renew", time) }];
      }
      default:
        return ["RELEASED", "idle", { validUntil: null, round: votes("release", time) }];
    }
  }

  private denied(time: number): RoundView {
    const owner = `api-${Math.floor(this.random() * this.size.processes)}:4711`;
    const tokenHash = createHash("sha1").update(`${this.random()}`).digest("hex").slice(0, 16);
    const ttlLeft = Math.floor(this.random() * ttl);
    const denied = (node: string) => ({
      node,
      kind: "denied" as const,
      holder: { owner, tokenHash, ttlLeft },
    });
    return { asked: "acquire", time, votes: nodes.slice(0, 2).map(denied) };
  }
}

const votes = (asked: RoundView["asked"], time: number): RoundView => ({
  asked,
  time,
  votes: nodes.slice(0, 2).map((node) => ({ node, kind: "granted" })),
});
