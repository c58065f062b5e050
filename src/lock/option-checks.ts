import { InvalidOptionError } from "../errors.js";
import { kindOf } from "../support/redaction.js";
import { entriesOf } from "../support/untrusted.js";

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
const known = {
  acquire: acquireOptions,
  using: [...acquireOptions, "rejectOnLoss"],
  createLocks: managerOptions,
  retry: ["count", "delay", "maxDelay", "jitter"],
  semaphore: ["permits"],
  permits: [...acquireOptions, "weight"],
  usingPermits: [...acquireOptions, "rejectOnLoss", "weight"],
  election: ["ttl", "maxHold", "fence", "onElected", "onDeposed"],
  upgrade: ["wait", "signal"],
  close: ["timeout"],
  ready: ["timeout"],
  xstate: ["inspect"],
  publish: ["stepsPerSecond"],
  serveInspector: ["port", "host", "token", "title"],
  inspectorHandler: ["basePath", "title"],
  instrumentLocks: ["tracerProvider", "meterProvider"],
};

/** Checks that all options are known. A misspelt or misplaced option would silently have no effect. */
export function checkKnown(where: keyof typeof known, options: unknown): void {
  if (options === undefined) return;
  const entries = entriesOf(options);
  if (entries === null) throw new InvalidOptionError("options", options, "an object");
  const unexpected = entries.find(([name, value]) => value !== undefined && !known[where].includes(name));
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
