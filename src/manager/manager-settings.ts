import type { QuarantineRule } from "../engine/node/abstention.js";
import { isOwnerLabel } from "../engine/protocol/token.js";
import { defaultDriftFactor } from "../engine/protocol/validity.js";
import { systemRandom } from "../engine/time/random.js";
import { systemClock } from "../engine/time/system-clock.js";
import { InvalidOptionError } from "../errors.js";
import type { LocksOptions } from "../lock/options.js";
import { defaultNodeTimeout, defaultTtl, type ManagerSettings } from "../lock/settings.js";
import {
  checkBoolean,
  checkCount,
  checkDuration,
  checkFraction,
  checkFunction,
  checkHoldAtLeast,
  checkMethods,
  checkText,
  checkTtl,
} from "../support/checks.js";
import { hostname, inspect, processId } from "../support/platform.js";
import { warnBounded } from "../support/warn.js";

const defaultMaxPending = 100_000;

/** ms: enough for a handshake of several round trips of 600 ms. */
const defaultConnectTimeout = 5_000;

const warnOfListener = (error: unknown, event: string) =>
  warnBounded("LISTENER_ERROR", `a listener of "${event}" failed: ${inspect(error)}`);

function checkOwner(value: unknown): string {
  if (typeof value === "string" && isOwnerLabel(value)) return value;
  throw new InvalidOptionError("owner", value, 'a string of 1 to 128 printable characters without "~"');
}

function checkQuarantine(value: unknown): QuarantineRule {
  if (value === "auto" || value === false) return value;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new InvalidOptionError("quarantine", value, '"auto", false, or an integer of ms from 0');
}

function checkTreatment(option: string, value: unknown): "warn" | "allow" | "refuse" {
  if (value === "warn" || value === "allow" || value === "refuse") return value;
  throw new InvalidOptionError(option, value, '"warn", "allow" or "refuse"');
}

export function managerSettingsOf(options: Omit<LocksOptions, "nodes">): ManagerSettings {
  const {
    clock = systemClock,
    random = systemRandom,
    prefix = "",
    driftFactor = defaultDriftFactor,
  } = options;
  const { owner = defaultOwner(), onListenerError = warnOfListener, grouping = true } = options;
  const {
    maxPending = defaultMaxPending,
    quarantine = "auto",
    unidentified = "warn",
    otherSets = "warn",
  } = options;
  const { ttl = defaultTtl, holdAtLeast = 0, connectTimeout = defaultConnectTimeout } = options;
  checkTtl(ttl);
  checkHoldAtLeast(holdAtLeast);
  const { nodeTimeout = defaultNodeTimeout(ttl) } = options;
  checkDuration("nodeTimeout", nodeTimeout, 1, true);
  if (options.nodeTimeout !== undefined && nodeTimeout >= ttl) {
    throw new InvalidOptionError("nodeTimeout", nodeTimeout, `less than the ttl of ${ttl} ms`);
  }
  return {
    clock: checkMethods("clock", clock, ["monotonic", "wall", "after"]),
    random: checkMethods("random", random, ["secret", "fraction"]),
    prefix: checkText("prefix", prefix, "a string"),
    driftFactor: checkFraction("driftFactor", driftFactor),
    owner: checkOwner(owner),
    nodeTimeout,
    derivesTimeout: options.nodeTimeout === undefined,
    connectTimeout: checkDuration("connectTimeout", connectTimeout, 1, true),
    grouping: checkBoolean("grouping", grouping),
    maxPending: checkCount("maxPending", maxPending),
    quarantine: checkQuarantine(quarantine),
    unidentified: checkTreatment("unidentified", unidentified),
    otherSets: checkTreatment("otherSets", otherSets),
    // The ttl of an acquisition without options.
    ttl: Math.max(ttl, holdAtLeast),
    onListenerError: checkFunction("onListenerError", onListenerError),
  };
}

const defaultOwner = () => `${hostname()}:${processId}`.replace(/[^\x20-\x7d]/g, "?").slice(-128);
