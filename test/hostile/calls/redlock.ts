import fc from "fast-check";
import { type Lock, Redlock } from "../../../src/redlock.js";
import { anything, badArguments, given, otherThan } from "../support/odd-values.js";
import type { RedlockSubjects } from "../support/redlock-subjects.js";
import type { BadCall } from "../support/refusal.js";
import { isResource, notResources } from "./locks.js";
import { type Check, finite, isFunction, isPlain, unknownOption } from "./options.js";

const isTtl: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1;
const badTtl = otherThan(isTtl);
const badResource = otherThan(isResource);
const isValue: Check = (value) => isResource(value);
const badValue = otherThan(isValue);
const notFunction = otherThan(isFunction);

const fields = {
  driftFactor: (value) => finite(0)(value) && (value as number) < 1,
  retryCount: (value) =>
    value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= -1),
  retryDelay: finite(0),
  retryJitter: finite(0),
  automaticExtensionThreshold: finite(0),
} as const satisfies Record<string, Check>;
const more = ["nodeTimeout", "connectTimeout", "owner", "onListenerError", "xstate", "clock", "random"];

/** Invalid settings of one call; null counts as no settings. */
const badSettings = fc.oneof(
  ...Object.entries(fields).map(([name, allowed]) => given(allowed).map((value) => ({ [name]: value }))),
  given((value) => value === null || isPlain(value)),
  unknownOption([...Object.keys(fields), ...more]),
);
const notSettings = badSettings.filter((value) => typeof value !== "function");

/** Invalid locks of redlock 4 and 5, and invalid copies from another process. */
const notLock = otherThan((value) => typeof value === "object" && value !== null && "value" in value);
const badLock = fc.oneof(
  notLock,
  notResources.map((resource) => ({ resource, value: "v", expiration: Number.MAX_VALUE })),
  notResources.map((resources) => ({ resources, value: "v", expiration: Number.MAX_VALUE })),
  badValue.map((value) => ({ resource: "a", value, expiration: Number.MAX_VALUE })),
  badValue.map((value) => ({ resources: ["a"], value, expiration: Number.MAX_VALUE })),
);
/** Locks with an invalid expiration, which only `extend` checks. */
const badExpiration = given((value) => typeof value === "number").map((expiration) => ({
  resource: "a",
  value: "v",
  expiration,
}));

/** The error messages of the original packages. */
const whole = /^Duration must be an integer value in milliseconds\.$/;
const invariant =
  /^(Duration must be an integer value in milliseconds\.|INVARIANT: routine is not a function\.|A lock `duration` must be at least 100ms greater .*)$/;
const noClients = /^Redlock must be instantiated with at least one redis client\.$/;
const expired =
  /^Cannot extend (an already-expired lock\.|lock on resource .* because the lock has already expired\.)$/;
const either = new RegExp(`${whole.source}|${expired.source}`);

type Call = BadCall<RedlockSubjects>;
const routine = async () => {};

const constructed: readonly Call[] = [
  {
    covers: "new Redlock",
    what: "clients",
    inputs: fc
      .tuple(
        fc.oneof(
          anything,
          anything.map((client) => [client]),
        ),
      )
      .filter(([clients]) => !isAddressList(clients)),
    call: (_, [clients]) => new Redlock(clients as never),
    promised: noClients,
  },
  {
    covers: "new Redlock",
    what: "settings",
    inputs: fc.tuple(badSettings.filter((value) => typeof value !== "number")),
    call: ({ nodes }, [settings]) => new Redlock(nodes, settings as never),
  },
  {
    covers: "new Redlock",
    what: "scripts",
    inputs: fc.tuple(
      fc.oneof(
        given((value) => value === null || isPlain(value) || typeof value === "number"),
        anything.filter((value) => value !== undefined).map((lockScript) => ({ lockScript })),
      ),
    ),
    call: ({ nodes }, [scripts]) => new Redlock(nodes, {}, scripts as never),
  },
  {
    covers: "new Redlock",
    what: "three numbers",
    inputs: fc.oneof(
      fc.tuple(fc.integer({ max: -2 }), fc.constant(200), fc.constant(0.01)),
      fc.tuple(fc.constant(3), given(fields.retryDelay), fc.constant(0.01)),
      fc.tuple(fc.constant(3), fc.constant(200), given(fields.driftFactor)),
    ),
    call: ({ nodes }, [count, delay, drift]) =>
      new Redlock(nodes, count as never, delay as never, drift as never),
  },
];

function isAddressList(value: unknown): boolean {
  try {
    return Array.isArray(value) && String(value[0]).startsWith("redis://user:s3cr3t-Passw0rd@");
  } catch {
    return false;
  }
}

/** Placeholder for a valid lock of the subjects. */
const good = Symbol("good");

const lockOf = (subjects: RedlockSubjects, lock: unknown): Lock =>
  lock === "redlock4" || lock === "redlock5" ? (subjects[lock] as Lock) : (lock as Lock);

/** A function in the place of the settings is a callback. */
const redlock4: readonly Call[] = [
  ...(["lock", "lockWithOptions", "acquireWithOptions"] as const).map(
    (name): Call => ({
      covers: `redlock.${name}`,
      inputs: badArguments(["a", 1_000, {}], [notResources, badTtl, notSettings]),
      call: ({ redlock }, [resource, ttl, settings]) =>
        redlock[name](resource as never, ttl as never, settings as never),
    }),
  ),
  {
    covers: "redlock.disposer",
    inputs: badArguments(["a", 1_000], [notResources, badTtl]),
    call: ({ redlock }, [resource, ttl]) => redlock.disposer(resource as never, ttl as never),
  },
  {
    covers: "redlock.unlock",
    inputs: fc.tuple(badLock),
    call: ({ redlock }, [lock]) => redlock.unlock(lock as never),
  },
];

const redlock5: readonly Call[] = [
  {
    covers: "redlock.acquire",
    what: "as in redlock 5",
    inputs: badArguments([["a"], 1_000, {}], [notResources.filter(Array.isArray), badTtl, notSettings]),
    call: ({ redlock }, [resources, duration, settings]) =>
      redlock.acquire(resources as never, duration as never, settings as never),
    promised: whole,
  },
  {
    covers: "redlock.acquire",
    what: "as in redlock 4",
    inputs: badArguments(["a", 1_000, undefined], [notResources, badTtl, notSettings]),
    call: ({ redlock }, [resources, duration, settings]) =>
      redlock.acquire(resources as never, duration as never, settings as never),
    promised: whole,
  },
  {
    covers: "redlock.release",
    inputs: fc.oneof(fc.tuple(badLock, fc.constant({})), fc.tuple(fc.constant("good"), notSettings)),
    call: ({ redlock, redlock5 }, [lock, settings]) =>
      redlock.release(((lock as unknown) === "good" ? redlock5 : lock) as Lock, settings as never),
  },
  {
    covers: "redlock.extend",
    inputs: fc.oneof(
      fc.tuple(badLock, fc.constant(1_000), fc.constant({})),
      fc.tuple(badExpiration, fc.constant(1_000), fc.constant({})),
      fc.tuple(fc.constantFrom("redlock4", "redlock5"), badTtl, fc.constant({})),
      fc.tuple(fc.constantFrom("redlock4", "redlock5"), fc.constant(1_000), notSettings),
    ),
    call: (subjects, [lock, duration, settings]) =>
      subjects.redlock.extend(lockOf(subjects, lock), duration as never, settings as never),
    promised: either,
  },
  {
    covers: "redlock.using",
    what: "as in redlock 5",
    inputs: badArguments(
      [["a"], 60_000, {}, routine],
      [notResources.filter(Array.isArray), badTtl, notSettings, notFunction],
    ),
    call: ({ redlock }, [resources, duration, settings, run]) =>
      redlock.using(resources as never, duration as never, settings as never, run as never),
    promised: invariant,
  },
];

const nodeRedlock: readonly Call[] = [
  {
    covers: "redlock.using",
    what: "as in node-redlock",
    inputs: badArguments(
      ["a", 60_000, routine, { autoExtend: true }],
      [
        badResource.filter((value) => typeof value === "string"),
        badTtl,
        notFunction,
        fc.oneof(
          given((value) => value === null || isPlain(value) || isFunction(value)),
          given((value) => typeof value === "boolean").map((autoExtend) => ({ autoExtend })),
          unknownOption(["autoExtend"]),
        ),
      ],
    ),
    call: ({ redlock }, [resource, ttl, run, options]) =>
      redlock.using(resource as never, ttl as never, run as never, options as never),
  },
  {
    covers: "redlock.acquireLock",
    inputs: badArguments(["a", 1_000], [badResource, badTtl]),
    call: ({ redlock }, [resource, ttl]) => redlock.acquireLock(resource as never, ttl as never),
  },
  {
    covers: "redlock.acquireLockWithCustomRetry",
    inputs: badArguments(["a", 1_000, () => 5], [badResource, badTtl, notFunction]),
    call: ({ redlock }, [resource, ttl, strategy]) =>
      redlock.acquireLockWithCustomRetry(resource as never, ttl as never, strategy as never),
  },
  {
    covers: "redlock.tryAcquire",
    inputs: badArguments(["a", "v", 1_000], [badResource, badValue, badTtl]),
    call: ({ redlock }, [resource, value, ttl]) =>
      redlock.tryAcquire(resource as never, value as never, ttl as never),
  },
  {
    covers: "redlock.renewLock",
    inputs: badArguments(["a", "v", 1_000], [badResource, badValue, badTtl]),
    call: ({ redlock }, [resource, value, ttl]) =>
      redlock.renewLock(resource as never, value as never, ttl as never),
  },
  {
    covers: "redlock.releaseLock",
    inputs: badArguments(["a", "v"], [badResource, badValue]),
    call: ({ redlock }, [resource, value]) => redlock.releaseLock(resource as never, value as never),
  },
  {
    covers: "redlock.acquireLockInstance",
    inputs: badArguments(
      [good, "a", "v", 1_000],
      [anything.filter((client) => !isAddressList([client])), badResource, badValue, badTtl],
    ),
    call: ({ redlock, nodes }, [client, resource, value, ttl]) =>
      redlock.acquireLockInstance(
        (client as unknown) === good ? nodes[0] : client,
        resource as never,
        value as never,
        ttl as never,
      ),
  },
  {
    covers: "redlock.releaseLockInstance",
    inputs: badArguments(
      [good, { resource: "a", value: "v" }],
      [
        anything.filter((client) => !isAddressList([client])),
        badLock.filter((lock) => !isPlain(lock) || "resource" in (lock as object)),
      ],
    ),
    call: ({ redlock, nodes }, [client, lock]) =>
      redlock.releaseLockInstance((client as unknown) === good ? nodes[0] : client, lock as never),
  },
];

const locks: readonly Call[] = [
  {
    covers: "redlock.handle",
    // The call only checks: an invalid lock has no handle.
    inputs: fc.tuple(
      fc.oneof(
        notLock,
        given((value) => typeof value === "string").map((value) => ({ resource: "a", value })),
        given((value) => typeof value === "string" || Array.isArray(value)).map((resource) => ({
          resource,
          value: "v",
        })),
      ),
    ),
    call: ({ redlock }, [lock]) => redlock.handle(lock as never),
  },
  ...(["redlock4", "redlock5", "nodeRedlock"] as const).map(
    (kind): Call => ({
      covers: `${kind}Lock.extend`,
      inputs: fc.tuple(badTtl),
      call: (subjects, [duration]) => subjects[kind].extend(duration as never),
      promised: whole,
    }),
  ),
  ...(["driftFactor", "retryCount", "retryDelay", "retryJitter"] as const).map(
    (name): Call => ({
      covers: `redlock.${name}`,
      inputs: fc.tuple(anything),
      call: ({ redlock }, [value]) => {
        redlock[name] = value as never;
      },
    }),
  ),
];

export const redlockCalls: readonly Call[] = [
  ...constructed,
  ...redlock4,
  ...redlock5,
  ...nodeRedlock,
  ...locks,
];
