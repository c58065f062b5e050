import type { Random } from "../engine/time/random.js";
import type { RetryFunction } from "../engine/time/retry.js";
import { InvalidOptionError } from "../errors.js";
import { checkDuration, checkFraction } from "../support/checks.js";
import { kindOf } from "../support/redaction.js";
import { entriesOf } from "../support/untrusted.js";
import type { MoreOptions, Settings } from "./types.js";

/** The defaults of redlock 4 and 5. */
export const defaultSettings: Settings = Object.freeze({
  driftFactor: 0.01,
  retryCount: 10,
  retryDelay: 200,
  retryJitter: 100,
  automaticExtensionThreshold: 500,
});

/** The defaults of node-redlock. */
export const nodeRedlockDefaults: Settings = Object.freeze({
  ...defaultSettings,
  retryCount: 3,
  retryJitter: 0,
});

const scripts = ["lockScript", "unlockScript", "extendScript", "acquireScript", "releaseScript"];

const more: readonly string[] = [
  "nodeTimeout",
  "connectTimeout",
  "owner",
  "quarantine",
  "unidentified",
  "onListenerError",
  "xstate",
  "clock",
  "random",
] satisfies (keyof MoreOptions)[];

const checks: { readonly [Name in keyof Settings]: (value: unknown) => void } = {
  driftFactor: (value) => checkFraction("driftFactor", value),
  retryCount(value) {
    if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && Number(value) >= -1)) return;
    throw new InvalidOptionError("retryCount", value, "an integer from 0, or Infinity or -1 for no end");
  },
  retryDelay: (value) => checkDuration("retryDelay", value, 0, true),
  retryJitter: (value) => checkDuration("retryJitter", value, 0, true),
  automaticExtensionThreshold: (value) => checkDuration("automaticExtensionThreshold", value, 0, true),
};

const names = Object.keys(checks) as (keyof Settings)[];
const isSetting = (name: string): name is keyof Settings => Object.hasOwn(checks, name);

/** Reads and checks the settings that are set; undefined counts as not set. @throws InvalidOptionError. */
export function readSettings(given: unknown, others: readonly string[] = []): Partial<Settings> {
  if (given === undefined || given === null) return {};
  const entries = entriesOf(given);
  if (entries === null) {
    throw new InvalidOptionError("settings", given, `an object with ${names.join(", ")}`);
  }
  const settings: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    if (value === undefined || others.includes(name)) continue;
    if (scripts.includes(name)) refuseScript(name, value);
    if (!isSetting(name)) {
      const allowed = `left out: known are ${[...names, ...others].join(", ")}`;
      // Shows only the kind of the value: an unknown setting may be a password.
      throw new InvalidOptionError(name, value, allowed, kindOf(value));
    }
    checks[name](value);
    settings[name] = value;
  }
  return settings;
}

/** Reads the constructor's other arguments: an object or, as in node-redlock, up to three numbers. */
export function readOptions(
  first: unknown,
  second: unknown,
  third: unknown,
): [Partial<Settings>, MoreOptions] {
  if (typeof first === "number" || (first === undefined && typeof (second ?? third) === "number")) {
    return [readSettings({ retryCount: first, retryDelay: second, driftFactor: third }), {}];
  }
  if (second !== undefined && second !== null) {
    const entries = entriesOf(second);
    if (entries === null) throw new InvalidOptionError("scripts", second, "left out");
    for (const [name, value] of entries) if (value !== undefined) refuseScript(name, value);
  }
  const settings = readSettings(first, more);
  const options = Object.entries(first ?? {}).filter(([name]) => more.includes(name));
  return [settings, Object.fromEntries(options)];
}

function refuseScript(name: string, value: unknown): never {
  throw new InvalidOptionError(
    name,
    value,
    "left out: what a lock is on its nodes is decided by one script, on which the rules of safety rest. " +
      "What you add to it can be done by a listener of `acquired`, `renewed` or `released`",
  );
}

/** As in redlock 4 and 5: `retryCount` attempts after the first, each after a delay with random jitter. */
export function retriesOf(settings: Settings, random: Random): RetryFunction {
  const { retryCount } = settings;
  const delay = delayOf(settings, random);
  return (attempt) => (retryCount !== -1 && attempt > retryCount ? false : delay());
}

export const delayOf =
  ({ retryDelay, retryJitter }: Settings, random: Random) =>
  (): number =>
    Math.max(0, retryDelay + Math.floor((random.fraction() * 2 - 1) * retryJitter));
