import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemoryStore } from "../../src/clients/memory/memory-store.js";
import type { Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { decodeReply } from "../../src/engine/protocol/decoding.js";
import { encodeBatch } from "../../src/engine/protocol/encoding.js";
import { batchScript } from "../../src/engine/protocol/script.js";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";
import { isSharedToken } from "../../src/engine/protocol/token.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { type QueueView, queuesOfServer } from "./queue-view.js";

/** ms on the server's clock per ms of the script's clock. */
const slowness = 10_000;
const clockKey = "clock";

/**
 * The script with a clock that only `elapse` advances, so that no pause of the machine expires anything. The server
 * itself counts the ttls, slowly enough that the difference does not matter.
 */
const scriptOnOwnClock = `
local server, now = redis, redis.call('GET', '${clockKey}')
local function slow(ms) return string.format('%.0f', tonumber(ms) * ${slowness}) end
local redis = setmetatable({
  pcall = function(name, ...)
    local args = { ... }
    if name == 'TIME' then return { math.floor(now / 1000), now % 1000 * 1000 } end
    if name == 'PEXPIRE' then args[2] = slow(args[2]) end
    if name == 'SET' and args[3] == 'PX' then args[4] = slow(args[4]) end
    local reply = server.pcall(name, unpack(args))
    if name == 'PTTL' and reply > 0 then return math.ceil(reply / ${slowness}) end
    return reply
  end,
}, { __index = server })
${batchScript}`;

let server: RedisServer;
let client: Redis;
let view: QueueView;
let script: string;
beforeAll(async () => {
  server = await startServer();
  client = new Redis({ port: server.port });
  script = String(await client.script("LOAD", scriptOnOwnClock));
  view = await queuesOfServer(server.port);
});
afterAll(async () => {
  client.disconnect();
  view.close();
  await server.stop();
});

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
/** ms that pass, all multiples of 40. Their sums never come close to a time at which anything expires. */
const pause = fc.constantFrom(40, 80, 720, 1_600);
const steps = fc.array(fc.oneof({ weight: 4, arbitrary: batch }, { weight: 1, arbitrary: pause }), {
  minLength: 1,
  maxLength: 25,
});

/** ms by which remaining ttls may differ, because the server's own clock advances slowly. */
const tolerance = 15;

/** Compares the replies, remaining ttls within the tolerance. */
function expectAlike(own: readonly Reply[], replies: readonly Reply[]): void {
  const lefts = (of: readonly Reply[]) => {
    const found: number[] = [];
    const rest = JSON.parse(
      JSON.stringify(of, (name, value) => {
        if (name !== "ttlLeft" || value === null) return value;
        found.push(value);
        return "some";
      }),
    );
    return { found, rest };
  };
  const [ours, theirs] = [lefts(own), lefts(replies)];
  expect(ours.rest).toEqual(theirs.rest);
  const apart = ours.found.map((left, index) => Math.abs(left - (theirs.found[index] ?? Number.NaN)));
  expect(apart.filter((ms) => !(ms <= tolerance))).toEqual([]);
}

/** The replies at this time, in ms. */
async function ask(commands: readonly LockCommand[], now: number): Promise<Reply[]> {
  const encoded = encodeBatch(
    null,
    commands.map((command) => ({ command })),
    sideKeysOf(false),
  );
  await client.set(clockKey, now);
  const raw = (await client.evalsha(
    script,
    encoded.keys.length,
    ...encoded.keys,
    ...encoded.args,
  )) as unknown[];
  return commands.map((command, index) => decodeReply(command, raw[index]));
}

const age = `
local left = redis.call('PTTL', KEYS[1])
if left >= 0 then redis.call('PEXPIRE', KEYS[1], left - ARGV[1]) end
`;

/** Moves the ends of all ttls closer. */
async function elapse(ms: number): Promise<void> {
  const { queue, readers } = sideKeysOf(false);
  for (const key of keys.flatMap((each) => [each, queue(each), readers(each)]))
    await client.eval(age, 1, key, ms * slowness);
}

test("a memory node shares keys, and notifies readers and writers, like the script on a server", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      await client.flushdb();
      const published: string[] = [];
      const store = new MemoryStore((_channel, message) => published.push(message));
      const before = (await view.messages(process)).length;
      let now = 1_800_000_000_000;
      for (const step of sequence) {
        if (typeof step === "number") {
          now += step;
          await elapse(step);
          continue;
        }
        const replies = await ask(step, now);
        const own = step.map((command) => store.apply(command, now));
        expectAlike(own, replies);
        expect((await view.messages(process)).slice(before)).toEqual(published);
      }
    }),
    { numRuns: 300 },
  );
}, 240_000);
