import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { watchLag } from "./fixtures/lag.mjs";
import type { Scope } from "./kind.js";
import { type Fault, type FaultKind, kindOf } from "./kinds.js";
import { FaultLimits, type RunSize } from "./limits.js";
import { now, type Span } from "./record.js";
import type { Testbed } from "./testbed.js";

/** An injected fault. Times are ms of the clock that all processes share. */
export interface Injected extends Span {
  readonly kind: FaultKind;
  readonly scope: Scope;
  readonly target: number;
}

export interface Injection {
  readonly injected: readonly Injected[];
  /** When this process, and with it all links, stalled. */
  readonly stalls: readonly Span[];
  /** Faults that could not be injected or ended. */
  readonly problems: readonly string[];
}

/** Interval in ms at which a delayed fault is tried again. */
const step = 50;
/** How long after the end of the run a delayed fault may begin, in ms. */
const maxDelay = 5_000;

/**
 * Injects the planned faults, each at its time, until all have ended or `signal` is aborted. No fault remains afterwards.
 * If a busy machine takes longer than planned, and a fault would exceed the limits, it is delayed or gets another target.
 */
export async function inject(
  testbed: Testbed,
  plan: readonly Fault[],
  { for: ms, signal, ...size }: RunSize & { readonly for: number; readonly signal: AbortSignal },
): Promise<Injection> {
  const start = performance.now();
  // Each pending fault adds a listener.
  setMaxListeners(0, signal);
  const injected: Injected[] = [];
  const stalls: Span[] = [];
  const endWatch = watchLag((from, to) => stalls.push({ from, to }));
  const problems: string[] = [];
  const limits = new FaultLimits(size);
  const sinceStart = () => performance.now() - start;
  const until = (at: number) => sleep(Math.max(0, at - sinceStart()), undefined, { signal }).catch(() => {});
  const happen = async (planned: Fault) => {
    const { kind, chance } = planned;
    let candidates: number[] = [];
    for (let at = planned.at; candidates.length === 0 && at < ms + maxDelay; at = sinceStart() + step) {
      await until(at);
      if (signal.aborted) return;
      candidates = limits.candidates(kind, sinceStart());
    }
    const other = candidates[Math.floor(chance * candidates.length)];
    const target = candidates.includes(planned.target) ? planned.target : other;
    if (target === undefined) return;
    const { scope, begin } = kindOf(kind);
    const from = now();
    limits.record(kind, target, Number.POSITIVE_INFINITY);
    try {
      const end = await begin(testbed, { target, chance });
      await sleep(planned.ms, undefined, { signal }).catch(() => {});
      await end();
    } catch (error) {
      problems.push(`${kind} of ${scope} ${target} at ${planned.at} ms: ${String(error)}`);
    }
    limits.record(kind, target, sinceStart());
    injected.push({ kind, scope, target, from, to: now() });
  };
  await Promise.all([...plan.map(happen), until(ms)]);
  endWatch();
  return { injected, stalls, problems };
}
