import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { watchLag } from "./fixtures/lag.mjs";
import type { Scope } from "./kind.js";
import { type Fault, type FaultKind, kindOf } from "./kinds.js";
import { now, type Span } from "./record.js";
import type { Stage } from "./stage.js";
import { type Company, Ward } from "./ward.js";

/** A fault that has happened: when, by the clock that all processes share. */
export interface Injected extends Span {
  readonly kind: FaultKind;
  readonly scope: Scope;
  readonly target: number;
}

export interface Injection {
  readonly injected: readonly Injected[];
  /** While which this process, and with it all links, stood still. */
  readonly stalls: readonly Span[];
  /** Faults that could not be done, or not be undone. */
  readonly problems: readonly string[];
}

/** ms between two looks whether a fault that had to wait may come. */
const step = 50;
/** ms after the end of the run until which it may. */
const longestDelay = 5_000;

/**
 * Lets the planned faults happen, each at its time, until all are over or `signal` says so; then none is left. Where a
 * busy machine takes longer than planned, one that would be too much now hurts somebody else, or comes later.
 */
export async function inject(
  stage: Stage,
  plan: readonly Fault[],
  { for: ms, signal, ...company }: Company & { readonly for: number; readonly signal: AbortSignal },
): Promise<Injection> {
  const start = performance.now();
  // Each fault that is still to come listens.
  setMaxListeners(0, signal);
  const injected: Injected[] = [];
  const stalls: Span[] = [];
  const endWatch = watchLag((from, to) => stalls.push({ from, to }));
  const problems: string[] = [];
  const ward = new Ward(company);
  const sinceStart = () => performance.now() - start;
  const until = (at: number) => sleep(Math.max(0, at - sinceStart()), undefined, { signal }).catch(() => {});
  const happen = async (planned: Fault) => {
    const { kind, chance } = planned;
    let candidates: number[] = [];
    for (let at = planned.at; candidates.length === 0 && at < ms + longestDelay; at = sinceStart() + step) {
      await until(at);
      if (signal.aborted) return;
      candidates = ward.candidates(kind, sinceStart());
    }
    const other = candidates[Math.floor(chance * candidates.length)];
    const target = candidates.includes(planned.target) ? planned.target : other;
    if (target === undefined) return;
    const { scope, begin } = kindOf(kind);
    const from = now();
    ward.hurt(kind, target, Number.POSITIVE_INFINITY);
    try {
      const end = await begin(stage, { target, chance });
      await sleep(planned.ms, undefined, { signal }).catch(() => {});
      await end();
    } catch (error) {
      problems.push(`${kind} of ${scope} ${target} at ${planned.at} ms: ${String(error)}`);
    }
    ward.hurt(kind, target, sinceStart());
    injected.push({ kind, scope, target, from, to: now() });
  };
  await Promise.all([...plan.map(happen), until(ms)]);
  endWatch();
  return { injected, stalls, problems };
}
