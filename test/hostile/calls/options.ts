import fc from "fast-check";
import {
  type AcquireOptions,
  createLocks,
  type ElectionOptions,
  type LocksOptions,
  memoryNode,
} from "../../../src/index.js";
import { anything, given, goodAddress, otherThan } from "../support/odd-values.js";
import type { BadCall } from "../support/refusal.js";
import type { Subjects } from "../support/subjects.js";

export type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === "number" && !Number.isNaN(value);
const atLeast =
  (least: number): Check =>
  (value) =>
    isNumber(value) && (value as number) >= least;
export const finite =
  (least: number): Check =>
  (value) =>
    atLeast(least)(value) && value !== Number.POSITIVE_INFINITY;
const isBoolean: Check = (value) => typeof value === "boolean";
export const isFunction: Check = (value) => typeof value === "function";
const isCount: Check = (value) => Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY;

/** Whether the value is a plain object: its prototype is null or an `Object.prototype`. */
export const isPlain: Check = (value) => {
  if (typeof value !== "object" || value === null) return false;
  try {
    if (Array.isArray(value)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false;
  }
};

/** Generates an object that sets one option to a value that is not allowed. */
const field = (name: string, allowed: Check): fc.Arbitrary<object> =>
  given(allowed).map((value) => ({ [name]: value }));

/** Names that are not options. Names of the prototype must be rejected too. */
const unknownNames = fc.oneof(
  fc.constantFrom("tll", "TTL", "toString", "constructor", "hasOwnProperty", "valueOf", "0", "", "password"),
  fc.string({ minLength: 1 }),
);
const ownNamed = (name: string, value: unknown): object =>
  Object.defineProperty({}, name, { value, enumerable: true });
export const unknownOption = (known: readonly string[]): fc.Arbitrary<object> =>
  fc
    .tuple(
      unknownNames.filter((name) => !known.includes(name)),
      anything.filter((value) => value !== undefined),
    )
    .map(([name, value]) => ownNamed(name, value));

const retryFields = {
  count: (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && Number(value) >= 0),
  delay: finite(0),
  maxDelay: finite(0),
  jitter: (value) => value === "full" || finite(0)(value),
} as const satisfies Record<string, Check>;

const badRetry: fc.Arbitrary<unknown> = fc.oneof(
  given((value) => isFunction(value) || isPlain(value)),
  ...Object.entries(retryFields).map(([name, allowed]) => field(name, allowed)),
  unknownOption(Object.keys(retryFields)),
);

const ttl: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1;

const perAcquisition: Record<Exclude<keyof AcquireOptions, "signal" | "fence">, fc.Arbitrary<object>> = {
  ttl: field("ttl", ttl),
  wait: field("wait", atLeast(0)),
  retry: badRetry.map((retry) => ({ retry })),
  renew: field("renew", isBoolean),
  maxHold: field("maxHold", atLeast(1)),
  holdAtLeast: field("holdAtLeast", (value) => Number.isSafeInteger(value) && (value as number) >= 0),
  fair: field("fair", isBoolean),
  onLost: field("onLost", isFunction),
};
const onlyPerAcquisition: Record<"signal" | "fence", fc.Arbitrary<object>> = {
  signal: field("signal", (value) => Object.prototype.toString.call(value) === "[object AbortSignal]"),
  fence: field("fence", isBoolean),
};
const acquireFields = { ...perAcquisition, ...onlyPerAcquisition };

/** Values that are not valid options of an acquisition. */
export const badOptions: fc.Arbitrary<unknown> = fc.oneof(
  ...Object.values(acquireFields),
  given(isPlain),
  unknownOption(Object.keys(acquireFields)),
);

const electionFields = {
  ttl: acquireFields.ttl,
  maxHold: acquireFields.maxHold,
  fence: acquireFields.fence,
  onElected: field("onElected", isFunction),
  onDeposed: field("onDeposed", isFunction),
} satisfies Record<keyof ElectionOptions, fc.Arbitrary<object>>;

/** Values that are not valid options of an election. */
export const badElectionOptions: fc.Arbitrary<unknown> = fc.oneof(
  ...Object.values(electionFields),
  given(isPlain),
  unknownOption(Object.keys(electionFields)),
);

const lacks =
  (...methods: string[]): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    methods.every((method) => isFunction((value as Record<string, unknown>)[method]));

const closingSignals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGBREAK"];

/** Whether a list or an object may be groups with a valid node. */
const hasGoodAddress: Check = (value) => {
  try {
    return JSON.stringify(value)?.includes(goodAddress) === true;
  } catch {
    return false;
  }
};

const perManager: Record<Exclude<keyof LocksOptions, keyof typeof perAcquisition>, fc.Arbitrary<object>> = {
  nodes: fc.oneof(
    otherThan((nodes) => Array.isArray(nodes) && nodes[0] === goodAddress).map((nodes) => ({ nodes })),
    otherThan((node) => node === goodAddress).map((node) => ({ nodes: [memoryNode(), node] })),
  ),
  groups: otherThan((groups) => groups === undefined || hasGoodAddress(groups)).chain((groups) =>
    fc.constantFrom({ groups }, { nodes: undefined, groups }),
  ),
  previous: otherThan(
    (previous) => previous === undefined || (Array.isArray(previous) && previous[0] === goodAddress),
  ).map((previous) => ({ previous })),
  otherSets: field("otherSets", (value) => ["warn", "allow", "refuse"].includes(value as string)),
  prefix: field("prefix", (value) => typeof value === "string" && isWellFormed(value)),
  connectTimeout: field("connectTimeout", finite(1)),
  nodeTimeout: fc.oneof(
    field("nodeTimeout", finite(1)),
    fc.integer({ min: 10_000 }).map((nodeTimeout) => ({ nodeTimeout })),
  ),
  driftFactor: field("driftFactor", (value) => atLeast(0)(value) && (value as number) < 1),
  owner: field(
    "owner",
    (value) => typeof value === "string" && /^[^~\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(value),
  ),
  grouping: field("grouping", isBoolean),
  maxPending: field("maxPending", (value) => isCount(value) && (value as number) >= 1),
  closeOn: fc.oneof(
    field("closeOn", (value) => value === undefined || Array.isArray(value)),
    otherThan((signal) => closingSignals.includes(signal as string)).map((signal) => ({
      closeOn: ["SIGTERM", signal],
    })),
  ),
  quarantine: field("quarantine", (value) => value === "auto" || value === false || isCount(value)),
  renewal: field("renewal", (value) => ["loop", "worker"].includes(value as string)),
  stallLimit: fc.oneof(
    field("stallLimit", () => false),
    field("stallLimit", finite(10_000)).map((stallLimit) => ({ renewal: "worker", ...stallLimit })),
  ),
  unidentified: field("unidentified", (value) => ["warn", "allow", "refuse"].includes(value as string)),
  publish: fc.oneof(
    field("publish", (value) => typeof value === "boolean" || isPlain(value)),
    field("stepsPerSecond", (value) => isCount(value) && Number(value) >= 1 && Number(value) <= 10_000).map(
      (publish) => ({ publish }),
    ),
    unknownOption(["stepsPerSecond"]).map((publish) => ({ publish })),
  ),
  onListenerError: field("onListenerError", isFunction),
  logger: field("logger", lacks("debug", "info", "warn", "error")),
  xstate: fc.oneof(
    field("xstate", isPlain),
    field("inspect", (inspect) => isFunction(inspect) || lacks("next")(inspect)).map((xstate) => ({
      xstate,
    })),
    unknownOption(["inspect"]).map((xstate) => ({ xstate })),
  ),
  clock: field("clock", lacks("monotonic", "wall", "after")),
  random: field("random", lacks("secret", "fraction")),
};

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** One entry per option of `createLocks`, and entries for values that are not options. */
export const optionCalls: readonly BadCall<Subjects>[] = [
  ...Object.entries({ ...perAcquisition, ...perManager }).map(
    ([name, bad]): BadCall<Subjects> => ({
      covers: "createLocks",
      what: name,
      inputs: bad.map((options) => [options]),
      call: ({ nodes, clock }, [options]) => createLocks({ nodes, clock, ...(options as unknown as object) }),
    }),
  ),
  {
    covers: "createLocks",
    what: "an unknown option",
    inputs: unknownOption([...Object.keys(perAcquisition), ...Object.keys(perManager)]).map((options) => [
      options,
    ]),
    call: ({ nodes, clock }, [options]) =>
      createLocks(
        Object.assign(Object.defineProperties({}, Object.getOwnPropertyDescriptors(options)), {
          nodes,
          clock,
        }),
      ),
  },
  {
    covers: "createLocks",
    what: "no options at all",
    inputs: otherThan((options) => isPlain(options) && "nodes" in (options as object)).map((options) => [
      options,
    ]),
    call: (_, [options]) => createLocks(options as never),
  },
];
