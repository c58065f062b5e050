import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { watchLag } from "./fixtures/lag.mjs";
import type { Scope } from "./kind.js";
import { type Fault, type FaultKind, kindOf } from "./kinds.js";
import { now, type Span } from "./record.js";
import type { Stage } from "./stage.js";

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

/** Lets the planned faults happen, each at its time, until all are over or `signal` says so; then none is left. */
export async function inject(
  stage: Stage,
  plan: readonly Fault[],
  ms: number,
  signal: AbortSignal,
): Promise<Injection> {
  const start = performance.now();
  // Each fault that is still to come listens.
  setMaxListeners(0, signal);
  const injected: Injected[] = [];
  const stalls: Span[] = [];
  const endWatch = watchLag((from, to) => stalls.push({ from, to }));
  const problems: string[] = [];
  const until = (at: number) =>
    sleep(Math.max(0, start + at - performance.now()), undefined, { signal }).catch(() => {});
  const happen = async (fault: Fault) => {
    await until(fault.at);
    if (signal.aborted) return;
    const { kind, target } = fault;
    const { scope } = kindOf(kind);
    const from = now();
    try {
      const end = await kindOf(kind).begin(stage, fault);
      await sleep(fault.ms, undefined, { signal }).catch(() => {});
      await end();
    } catch (error) {
      problems.push(`${kind} of ${scope} ${target} at ${fault.at} ms: ${String(error)}`);
    }
    injected.push({ kind, scope, target, from, to: now() });
  };
  await Promise.all([...plan.map(happen), until(ms)]);
  endWatch();
  return { injected, stalls, problems };
}
