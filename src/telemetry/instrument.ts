import { createNoopMeter, type MeterProvider, metrics, type TracerProvider, trace } from "@opentelemetry/api";
import { managersOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import { checkKnown } from "../lock/option-checks.js";
import type { Manager } from "../manager/manager.js";
import { checkMethods } from "../support/checks.js";
import { packageVersion } from "../support/version.js";
import { CallSpans } from "./call-spans.js";
import { LockSpans } from "./lock-spans.js";
import { Metered } from "./metered.js";
import { scope } from "./names.js";
import { Tracing } from "./tracing.js";

export interface TelemetryOptions {
  /** Default: the global provider, even if it is registered later. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: the global provider at the time of the call. */
  readonly meterProvider?: MeterProvider | undefined;
}

interface Reporting {
  readonly tracerProvider: TracerProvider;
  readonly meterProvider: MeterProvider;
  readonly end: () => void;
}

/** What is reported of each manager of locks, and to which providers. */
const reportings = new WeakMap<Locks, Set<Reporting>>();

/** Several managers share one `Metered`, which sums their figures. */
const meteredOf = new WeakMap<MeterProvider, Metered>();

/**
 * Reports these locks and their nodes through OpenTelemetry, from now on and until they are closed. Returns a
 * function that ends the reporting, and with it the spans that are open. A second call with the same locks and providers
 * changes nothing, and returns the function of the first one.
 * @throws InvalidOptionError for anything but what `createLocks` returned, or for invalid providers
 * @throws ManagerClosedError if the locks are closed
 */
export function instrumentLocks(locks: Locks, options: TelemetryOptions = {}): () => void {
  const managers = managersOf(locks);
  checkKnown("instrumentLocks", options);
  // A closed manager would never report its end.
  for (const manager of managers) manager.factory.checkOpen();
  const { tracerProvider = trace.getTracerProvider(), meterProvider = metrics.getMeterProvider() } = options;
  const tracing = new Tracing(checkMethods("tracerProvider", tracerProvider, ["getTracer"]));
  checkMethods("meterProvider", meterProvider, ["getMeter"]);
  const known = reportings.get(locks) ?? new Set();
  for (const { end, ...to } of known)
    if (to.tracerProvider === tracerProvider && to.meterProvider === meterProvider) return end;
  const ends = managers.flatMap((manager) => [meter(manager, meterProvider), startSpans(manager, tracing)]);
  const reporting = {
    tracerProvider,
    meterProvider,
    end() {
      known.delete(reporting);
      for (const end of ends) end();
    },
  };
  reportings.set(locks, known.add(reporting));
  return reporting.end;
}

function meter(manager: Manager, provider: MeterProvider): () => void {
  const known = meteredOf.get(provider);
  if (known !== undefined) return known.add(manager);
  const own = provider.getMeter(scope, packageVersion());
  // The values would never be collected.
  if (own === createNoopMeter()) return () => {};
  const metered = new Metered(own);
  meteredOf.set(provider, metered);
  return metered.add(manager);
}

function startSpans(manager: Manager, tracing: Tracing): () => void {
  const spans = new LockSpans(tracing);
  const removals = [manager.watch(spans), manager.watch(new CallSpans(tracing, manager))];
  return () => {
    for (const remove of removals) remove();
    for (const lock of manager.inUse) spans.end(lock);
  };
}
