import { managersOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { isList } from "../support/untrusted.js";
import { Metered } from "./metered.js";
import { type PrometheusText, prometheusTextOf } from "./prometheus-text.js";

export type { PrometheusText };

/**
 * The metrics of `instrumentLocks`, only for these locks and from now on; the program's own providers are not
 * touched. Resolves with null if `@opentelemetry/sdk-metrics` or `@opentelemetry/exporter-prometheus` is not
 * installed.
 * @throws InvalidOptionError for anything but a list of what `createLocks` returned
 */
export async function prometheusOf(locks: readonly Locks[]): Promise<PrometheusText | null> {
  if (!isList(locks)) throw new InvalidOptionError("locks", locks, "a list of what createLocks gave");
  const managers = locks.flatMap(managersOf);
  return prometheusTextOf((meter) => {
    const metered = new Metered(meter);
    const removals = managers.map((manager) => metered.add(manager));
    return () => {
      for (const remove of removals) remove();
    };
  });
}
