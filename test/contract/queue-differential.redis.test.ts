import fc from "fast-check";
import { test } from "vitest";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { permitResource, semaphoreResource } from "../../src/engine/protocol/permit-keys.js";
import { expectAlikeDuring, sequencesOf, startScriptServer } from "./script-and-store.js";

startScriptServer();

const keys = ["one", "two", "three"];
const process = "process";

const token = fc.constantFrom(...["x", "y", "z"].map((owner) => `${owner}~${owner.repeat(22)}`));
const id = fc.constantFrom(...["a", "b", "c", "d"].map((name) => `${process}:${name}`));
// Few values, so that some tickets are equal, and some waiters change their ticket.
const ticket = fc.integer({ min: 1, max: 3 }).map((late) => 1_700_000_000_000 + late);
const place = fc.option(fc.record({ id, ticket }));
const fence = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined });
// No ttl is close to a sum of the times that pass.
const ttl = fc.constantFrom(300, 60_000);
const single = fc.constantFrom(...keys).map((key) => [key]);
/** ms for which the keys are kept after the release. */
const rest = fc.option(fc.constantFrom(300, 60_000));
// In any order, because the order decides which key a denial names.
const some = fc.oneof({ weight: 2, arbitrary: single }, fc.shuffledSubarray(keys, { minLength: 2 }));

const fenced = <T extends object>({ fence: proposed, ...command }: T & { fence?: number | undefined }) =>
  (proposed === undefined ? command : { ...command, fence: proposed }) as T;

const queueAware: fc.Arbitrary<LockCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ keys: some, token, ttl, fence, place, barge: fc.boolean() }).map((each) =>
      fenced({
        op: "acquire" as const,
        keys: each.keys,
        token: each.token,
        ttl: each.ttl,
        fence: each.fence,
        queue: { place: each.place, barge: each.barge },
      }),
    ) as fc.Arbitrary<LockCommand>,
  },
  {
    weight: 2,
    arbitrary: fc.record({ keys: some, token, id: fc.option(id), wake: fc.boolean(), rest }).map((each) => ({
      op: "release" as const,
      keys: each.keys,
      token: each.token,
      queue: { id: each.id, wake: each.wake },
      ...(each.rest === null ? {} : { rest: each.rest }),
    })),
  },
);

const permits = [1, 2, 3, 4].map((permit) => permitResource(semaphoreResource("permits"), permit));
const weight = fc.integer({ min: 1, max: 3 });
const waiterForPermits = fc
  .tuple(fc.constantFrom("1", "2", "3", "4", "5"), weight, fc.constantFrom("", ":80"))
  .map(([name, wanted, kept]) => `${process}:${name}w${wanted}${kept}`);

/** Commands for the permits of one semaphore. Some processes give another number of permits. */
const forPermits: fc.Arbitrary<LockCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        keys: fc.shuffledSubarray(permits, { minLength: 3 }),
        token,
        ttl,
        weight,
        permits: fc.constantFrom(permits.length, permits.length + 1),
        fence,
        place: fc.option(fc.record({ id: waiterForPermits, ticket })),
        barge: fc.boolean(),
      })
      .map(({ place: taken, barge, ...each }) =>
        fenced({ op: "acquireAny" as const, ...each, queue: { place: taken, barge } }),
      ) as fc.Arbitrary<LockCommand>,
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("release" as const),
      keys: fc.shuffledSubarray(permits, { minLength: 1 }),
      token,
      queue: fc.record({ id: fc.option(waiterForPermits), wake: fc.boolean() }),
    }),
  },
);

const plain: fc.Arbitrary<LockCommand> = fc.oneof(
  fc
    .record({
      op: fc.constantFrom("acquire" as const, "heal" as const, "renew" as const),
      keys: some,
      token,
      ttl,
    })
    .map((command): LockCommand => command),
  fc
    .record({
      op: fc.constant("acquire" as const),
      keys: some,
      token,
      ttl,
      fence: fc.integer({ min: 0, max: 20 }),
    })
    .map((command): LockCommand => command),
  fc
    .record({
      op: fc.constantFrom("swap" as const, "giveBack" as const),
      keys: some,
      from: token,
      token,
      ttl,
    })
    .map((command): LockCommand => command),
  fc
    .record({ op: fc.constant("fence" as const), keys: some, token, fence: fc.integer({ min: 0, max: 20 }) })
    .map((command): LockCommand => command),
  fc
    .record({ op: fc.constant("release" as const), keys: some, token })
    .map((command): LockCommand => command),
  fc.record({ op: fc.constant("inspect" as const), keys: some }).map((command): LockCommand => command),
);

const batch = fc.array(fc.oneof({ weight: 3, arbitrary: queueAware }, { weight: 1, arbitrary: plain }), {
  minLength: 1,
  maxLength: 6,
});
const alike = (sequence: Parameters<typeof expectAlikeDuring>[0]) =>
  expectAlikeDuring(sequence, [...keys, ...permits], process);

test("a memory node answers, and notifies waiters, like the script on a server", async () => {
  await fc.assert(fc.asyncProperty(sequencesOf(batch), alike), { numRuns: 300 });
}, 120_000);

test("a memory node gives permits, and notifies those who wait for them, like the script on a server", async () => {
  const several = fc.array(fc.oneof({ weight: 6, arbitrary: forPermits }, { weight: 1, arbitrary: plain }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(fc.asyncProperty(sequencesOf(several), alike), { numRuns: 300 });
}, 120_000);
