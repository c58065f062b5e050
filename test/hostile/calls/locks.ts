import fc from "fast-check";
import type { Lease } from "../../../src/index.js";
import { anything, badArguments, given, otherThan } from "../support/odd-values.js";
import type { BadCall } from "../support/refusal.js";
import type { Subjects } from "../support/subjects.js";
import {
  badElectionOptions,
  badOptions,
  badPermitOptions,
  badSemaphoreOptions,
  badUpgradeOptions,
} from "./options.js";

export const isResource = (value: unknown) =>
  typeof value === "string" && value !== "" && !/\p{Surrogate}/u.test(value);
const reserved = fc
  .tuple(fc.constantFrom("holdfast:fence:", "holdfast:watermark", "holdfast:queue:"), fc.string())
  .map(([start, rest]) => start + rest);
const split = fc.constantFrom("\ud800", "a\udfff", "\udfffb\ud800", "\ud83d ").map((text) => text);
const notOne = fc.oneof(
  otherThan((value) => isResource(value) || isResourceList(value)),
  reserved,
  split,
);

function isResourceList(value: unknown): boolean {
  try {
    return Array.isArray(value) && value.length > 0 && Array.from(value).every(isResource);
  } catch {
    return false;
  }
}

/** Values that are neither a resource nor a list of resources. */
export const notResources: fc.Arbitrary<unknown> = fc.oneof(
  notOne,
  notOne.map((one) => ["a", one]),
  fc.constant([]),
);
const repeated = fc
  .array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1, maxLength: 5 })
  .map((list) => [...list, list[0]]);
const badResources = fc.oneof(notResources, repeated);

const names = [
  "acquiring",
  "retrying",
  "acquired",
  "renewed",
  "upgraded",
  "quorumLost",
  "expired",
  "released",
  "failed",
] as const;
const ofNodes = ["nodeDown", "nodeUp", "nodeQuarantined"];
const isEvent = (value: unknown) => names.includes(value as "failed") || ofNodes.includes(value as string);
const ofElections = ["campaigning", "elected", "deposed", "failed"];
const badListening = (name: string, isName: (value: unknown) => boolean) =>
  badArguments([name, () => {}], [otherThan(isName), otherThan((value) => typeof value === "function")]);
const listening = (
  covers: string,
  call: (subjects: Subjects) => (name: never, listener: never) => unknown,
  inputs = badListening("acquired", isEvent),
): BadCall<Subjects> => ({
  covers,
  inputs,
  call: (subjects, [name, listener]) => call(subjects)(name as never, listener as never),
});

const electionListening = (
  covers: string,
  call: (subjects: Subjects) => (name: never, listener: never) => unknown,
) =>
  listening(
    covers,
    call,
    badListening("elected", (value) => ofElections.includes(value as string)),
  );

const job = async () => {};
const acquiring = badArguments(["a", {}], [badResources, badOptions]);
/** Options of a handle's acquisition, which has no `fence`. */
const onHandle = fc.tuple(badOptions);

/** Values that are not options with a timeout. */
const badTimeouts = fc.oneof(
  given((value) => typeof value === "object" && value !== null),
  given((value) => typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY).map(
    (timeout) => ({ timeout }),
  ),
  anything.filter((value) => value !== undefined).map((timout) => ({ timout })),
);

export const lockCalls: readonly BadCall<Subjects>[] = [
  {
    covers: "locks.acquire",
    inputs: acquiring,
    call: ({ locks }, [resources, options]) => locks.acquire(resources as never, options as never),
  },
  {
    covers: "locks.tryAcquire",
    inputs: acquiring,
    call: ({ locks }, [resources, options]) => locks.tryAcquire(resources as never, options as never),
  },
  {
    covers: "locks.using",
    what: "with options",
    inputs: badArguments(
      ["a", {}, job],
      [badResources, badOptions, otherThan((value) => typeof value === "function")],
    ),
    call: ({ locks }, [resources, options, run]) =>
      locks.using(resources as never, options as never, run as never),
  },
  {
    covers: "locks.using",
    what: "without options",
    inputs: badArguments(["a", job], [badResources, otherThan((value) => typeof value === "function")]),
    call: ({ locks }, [resources, run]) => locks.using(resources as never, run as never),
  },
  {
    covers: "locks.handle",
    inputs: acquiring,
    call: ({ locks }, [resources, options]) => locks.handle(resources as never, options as never),
  },
  {
    covers: "locks.election",
    inputs: badArguments(
      ["a", {}],
      [fc.oneof(otherThan(isResource), reserved, split, fc.constant("elected")), badElectionOptions],
    ),
    call: ({ locks }, [name, options]) => locks.election(name as never, options as never),
  },
  {
    covers: "locks.semaphore",
    inputs: badArguments(
      ["a", { permits: 3 }],
      [fc.oneof(otherThan(isResource), split), badSemaphoreOptions],
    ),
    call: ({ locks }, [name, options]) => locks.semaphore(name as never, options as never),
  },
  {
    covers: "semaphore.acquire",
    inputs: fc.tuple(badPermitOptions),
    call: ({ semaphore }, [options]) => semaphore.acquire(options as never),
  },
  {
    covers: "semaphore.tryAcquire",
    inputs: fc.tuple(badPermitOptions),
    call: ({ semaphore }, [options]) => semaphore.tryAcquire(options as never),
  },
  {
    covers: "semaphore.using",
    inputs: badArguments([{}, job], [badPermitOptions, otherThan((value) => typeof value === "function")]),
    call: ({ semaphore }, [options, run]) => semaphore.using(options as never, run as never),
  },
  {
    covers: "semaphore.handle",
    inputs: fc.tuple(badPermitOptions),
    call: ({ semaphore }, [options]) => semaphore.handle(options as never),
  },
  {
    covers: "locks.adopt",
    inputs: badArguments(["good"], [null]).chain(() =>
      fc.oneof(
        fc.tuple(anything, fc.constant({})),
        fc.tuple(
          fc.base64String().map((text) => `holdfast2.${text}`),
          fc.constant({}),
        ),
        fc.tuple(fc.constant("good"), badOptions),
      ),
    ),
    call: ({ locks, note }, [given, options]) =>
      locks.adopt(((given as unknown) === "good" ? note : given) as never, options as never),
  },
  {
    covers: "locks.inspect",
    inputs: fc.tuple(fc.oneof(otherThan(isResource), split)),
    call: ({ locks }, [resource]) => locks.inspect(resource as never),
  },
  {
    covers: "locks.ready",
    inputs: fc.tuple(badTimeouts),
    call: ({ locks }, [options]) => locks.ready(options as never),
  },
  {
    covers: "locks.close",
    inputs: fc.tuple(badTimeouts),
    call: ({ locks }, [options]) => locks.close(options as never),
  },
  listening("locks.on", ({ locks }) => locks.on.bind(locks)),
  listening("locks.once", ({ locks }) => locks.once.bind(locks)),
  listening("locks.off", ({ locks }) => locks.off.bind(locks)),
  {
    covers: "handle.acquire",
    inputs: onHandle,
    call: ({ handle }, [options]) => handle.acquire(options as never),
  },
  listening("handle.on", ({ handle }) => handle.on.bind(handle)),
  listening("handle.once", ({ handle }) => handle.once.bind(handle)),
  listening("handle.off", ({ handle }) => handle.off.bind(handle)),
  electionListening("election.on", ({ election }) => election.on.bind(election)),
  electionListening("election.once", ({ election }) => election.once.bind(election)),
  electionListening("election.off", ({ election }) => election.off.bind(election)),
  {
    covers: "lease.renew",
    inputs: fc.tuple(given((value) => Number.isSafeInteger(value) && (value as number) >= 1)),
    call: ({ lease }: { lease: Lease }, [ttl]) => lease.renew(ttl as never),
  },
  {
    covers: "lease.upgrade",
    inputs: fc.tuple(badUpgradeOptions),
    call: ({ lease }: { lease: Lease }, [options]) => lease.upgrade(options as never),
  },
];
