import fc from "fast-check";
import { test } from "vitest";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { isSharedToken } from "../../src/engine/protocol/token.js";
import { expectAlikeDuring, sequencesOf, startScriptServer } from "./script-and-store.js";

startScriptServer();

const keys = ["one", "two", "three"];
const process = "process";

const shared = ["x", "y", "z"].map((owner) => `~~${owner}~${owner.repeat(22)}`);
const sharedToken = fc.constantFrom(...shared);
const token = fc.constantFrom(...shared, ...["v", "w"].map((owner) => `${owner}~${owner.repeat(22)}`));
const number = fc.constantFrom("1", "2", "3");
/** The id of a waiter with this token: that of a reader begins with "r". */
const idOf = (holder: string, of: string) => `${process}:${isSharedToken(holder) ? "r" : ""}${of}`;
const upgradeId = fc.constantFrom(...["u1", "u2"].map((name) => `${process}:${name}`));
// Few values, so that some tickets are equal, and some waiters change their ticket.
const ticket = fc.integer({ min: 1, max: 3 }).map((late) => 1_700_000_000_000 + late);
const place = fc.option(fc.record({ number, ticket }));
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
        queue: {
          place: each.place && { id: idOf(each.token, each.place.number), ticket: each.place.ticket },
          barge: each.barge,
        },
      }),
    ) as fc.Arbitrary<LockCommand>,
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ keys: some, token, number: fc.option(number), wake: fc.boolean(), rest })
      .map((each) => ({
        op: "release" as const,
        keys: each.keys,
        token: each.token,
        queue: { id: each.number && idOf(each.token, each.number), wake: each.wake },
        ...(each.rest === null ? {} : { rest: each.rest }),
      })),
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
      from: sharedToken,
      token: sharedToken,
      ttl,
    })
    .map((command): LockCommand => command),
  fc
    .record({ keys: some, token: sharedToken, ttl, id: upgradeId, fence })
    .map(({ id: own, ...command }): LockCommand => {
      return fenced({ op: "upgrade", ...command, queue: { place: { id: own, ticket: 1 } } }) as LockCommand;
    }),
  fc
    .record({ keys: some, token: sharedToken, id: upgradeId })
    .map(({ id: own, ...command }): LockCommand => ({ op: "downgrade", ...command, queue: { id: own } })),
  fc
    .record({ keys: some, tokens: fc.array(sharedToken, { minLength: 3, maxLength: 3 }), ttl })
    .map(({ keys: each, tokens, ttl: ms }): LockCommand => {
      return { op: "renewEach", keys: each, tokens: tokens.slice(0, each.length), ttl: ms };
    }),
  fc
    .record({ op: fc.constant("fence" as const), keys: some, token, fence: fc.integer({ min: 0, max: 20 }) })
    .map((command): LockCommand => command),
  fc
    .record({ op: fc.constant("release" as const), keys: some, token })
    .map((command): LockCommand => command),
  fc
    .record({ op: fc.constant("inspect" as const), keys: some, readers: fc.boolean() })
    .map((command): LockCommand => command),
);

const batch = fc.array(fc.oneof({ weight: 1, arbitrary: queueAware }, { weight: 1, arbitrary: plain }), {
  minLength: 1,
  maxLength: 6,
});
test("a memory node shares keys, and notifies readers and writers, like the script on a server", async () => {
  const property = fc.asyncProperty(sequencesOf(batch), (sequence) =>
    expectAlikeDuring(sequence, keys, process),
  );
  await fc.assert(property, { numRuns: 300 });
}, 240_000);
