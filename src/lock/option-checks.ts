import { InvalidOptionError } from "../errors.js";
import { checkEntries } from "../support/checks.js";
import { kindOf } from "../support/redaction.js";

const acquireOptions = [
  ...["ttl", "wait", "signal", "retry", "renew", "maxHold", "holdAtLeast", "fence", "fair", "mode", "onLost"],
];
const managerOptions = [
  ...[
    "nodes",
    "groups",
    "previous",
    "otherSets",
    "prefix",
    "nodeTimeout",
    "connectTimeout",
    "driftFactor",
    "owner",
    "grouping",
    "maxPending",
    "closeOn",
    "quarantine",
    "renewal",
    "stallLimit",
    "unidentified",
    "publish",
    "onListenerError",
    "logger",
    "xstate",
    "clock",
    "random",
  ],
  ...["ttl", "wait", "retry", "renew", "maxHold", "holdAtLeast", "fair", "onLost"],
];
const permitOptions = [...acquireOptions.filter((name) => name !== "mode"), "weight"];
/** The framework gives the signal. */
const leaseOptions = acquireOptions.filter((name) => name !== "signal");
const known = {
  acquire: acquireOptions,
  using: [...acquireOptions, "rejectOnLoss"],
  createLocks: managerOptions,
  retry: ["count", "delay", "maxDelay", "jitter"],
  semaphore: ["permits"],
  permits: permitOptions,
  usingPermits: [...permitOptions, "rejectOnLoss"],
  election: ["ttl", "maxHold", "fence", "onElected", "onDeposed"],
  upgrade: ["wait", "signal"],
  close: ["timeout"],
  ready: ["timeout"],
  xstate: ["inspect"],
  publish: ["stepsPerSecond"],
  serveInspector: ["port", "host", "token", "title"],
  inspectorHandler: ["basePath", "title"],
  instrumentLocks: ["tracerProvider", "meterProvider"],
  lockRequest: ["locks", "key", "status", ...leaseOptions],
  "app.lockRequest": ["key", "status", ...leaseOptions],
  withLock: ["locks", "key", "status", ...leaseOptions],
  underLease: ["locks", "key", "contended", "delay", ...leaseOptions],
};

export type OptionsPlace = keyof typeof known;

/**
 * Checks that all options are known. A misspelt or misplaced option would silently have no effect. `option`: the option whose
 * value the object is.
 */
export function checkKnown(where: OptionsPlace, options: unknown, option = "options"): void {
  if (options === undefined) return;
  const unexpected = checkEntries(option, options).find(
    ([name, value]) => value !== undefined && !known[where].includes(name),
  );
  if (unexpected === undefined) return;
  const [name, value] = unexpected;
  // The value of an unknown option may be a password, so the message shows only its kind.
  throw new InvalidOptionError(
    name,
    value,
    `left out: ${where} knows ${known[where].join(", ")}`,
    kindOf(value),
  );
}
