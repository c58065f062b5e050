import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { LockNode, Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import type { Identification } from "../../src/engine/protocol/memory.js";
import type { Clock } from "../../src/engine/time/clock.js";
import { execute } from "../engine/batches.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { reachesConnection } from "./subject.js";

/**
 * Runs random sequences of all commands, and of reads and changes of the node's memory, on a server and on a memory
 * node. The simulator's nodes are memory nodes, and prove nothing unless they behave like the script. Queues are
 * compared in queue-differential.redis.test.ts.
 */

let server: RedisServer;
let client: Redis;
let real: LockNode;
beforeAll(async () => {
  server = await startServer();
  client = new Redis({ port: server.port });
  real = recogniseNode(client, 0);
  await reachesConnection(real, "ready");
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const hour = 3_600_000;
const tokens = ["x", "y", "z"].map((owner) => `${owner}~${owner.repeat(22)}`);
const token = fc.constantFrom(...tokens);
const keys = fc.constantFrom(["one"], ["two"], ["one", "two"], ["two", "three", "one"]);
/** ms; long enough that the duration of the comparison does not matter. Some are longer than a minute. */
const ttl = fc.constantFrom(20_000, 60_000, 2 * hour);
const fence = fc.integer({ min: 1, max: 20 });
const policy = { place: null, barge: false };

const command: fc.Arbitrary<LockCommand> = fc.oneof(
  fc.record({ op: fc.constant("acquire" as const), keys, token, ttl }),
  fc.record({ op: fc.constant("acquire" as const), keys, token, ttl, queue: fc.constant(policy) }),
  fc.record({ op: fc.constant("acquire" as const), keys, token, ttl, fence }),
  fc.record({ op: fc.constant("acquire" as const), keys, token, ttl, fence, queue: fc.constant(policy) }),
  fc.record({ op: fc.constantFrom("renew" as const, "heal" as const), keys, token, ttl }),
  fc
    .record({
      keys,
      tokens: fc.array(token, { minLength: 3, maxLength: 3 }),
      ttl: fc.constantFrom(20_000, 60_000),
    })
    .map(({ keys, tokens, ttl }): LockCommand => {
      return { op: "renewEach", keys, tokens: tokens.slice(0, keys.length), ttl };
    }),
  fc.record({ op: fc.constant("swap" as const), keys, from: token, token, ttl }),
  fc.record({ op: fc.constant("swap" as const), keys, from: token, token, ttl, fence }),
  fc.record({ op: fc.constant("giveBack" as const), keys, from: token, token, ttl }),
  fc.record({ op: fc.constant("fence" as const), keys, token, fence }),
  // Claims mark a release if any of their leases may have been long; only then does a server check its record of long
  // leases.
  fc.record({ op: fc.constant("release" as const), keys, token, long: fc.constant(true) }),
  fc.record({
    op: fc.constant("release" as const),
    keys,
    token,
    long: fc.constant(true),
    queue: fc.record({ id: fc.constant(null), wake: fc.boolean() }),
  }),
  // As long as the record of a long lease could last, or longer, so that no record outlives its key.
  fc.record({
    op: fc.constant("release" as const),
    keys,
    token,
    long: fc.constant(true),
    rest: fc.constant(hour),
    queue: fc.record({ id: fc.constantFrom(null, "nobody"), wake: fc.boolean() }),
  }),
  fc.record({ op: fc.constant("inspect" as const), keys }),
);

/** A change of the memory, in ms relative to the node's own time. */
const change = fc.record({
  kind: fc.constant("change" as const),
  abstains: fc.option(fc.constantFrom(30_000, hour)),
  settled: fc.boolean(),
  longest: fc.constantFrom(0, 20_000, 60_000),
  watermark: fc.integer({ min: 0, max: 20 }),
  stale: fc.boolean(),
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      commands: fc.array(command, { minLength: 1, maxLength: 6 }),
      mark: fc.constantFrom("own" as const, "own" as const, "own" as const, "another" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("identify" as const), leaves: fc.boolean() }) },
  { weight: 2, arbitrary: change },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(15_000, 45_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A node, its last reply, and a way to advance its time. */
interface Side {
  readonly node: LockNode;
  last: Identification;
  forget(): Promise<void> | void;
  pass(ms: number): Promise<void> | void;
}

/** `checks`: whether the caller uses the node's memory. */
async function runStep(side: Side, one: Step, checks: boolean): Promise<unknown> {
  const { node, last } = side;
  switch (one.kind) {
    case "batch": {
      const own = last.memory?.mark || null;
      const mark = checks && own !== null && one.mark === "another" ? "other.0" : checks ? own : null;
      // Without a mark a server records no long leases, but a memory node does; therefore only short ones are sent.
      const commands = mark === null ? one.commands.map(short) : one.commands;
      const requests = commands.map((each) => ({ command: each, wanted: () => true }));
      return withoutTimes(await execute(node, requests, mark));
    }
    case "identify":
      side.last = await node.identify(one.leaves ? "visitor" : "", null);
      return shownOf(side.last);
    case "change": {
      const { memory } = last;
      if (memory === null) return null;
      const { abstains, settled, longest, watermark, stale } = one;
      const [until, settles] = [Math.ceil(memory.now + (abstains ?? 0)), Math.ceil(memory.now)];
      side.last = await node.identify("changer", {
        marker: stale ? `${memory.marker}0` : memory.marker,
        abstention: abstains === null ? null : { until, least: until, settles, settled },
        longest,
        watermark,
      });
      return shownOf(side.last);
    }
    case "forget":
      return side.forget();
    case "pass":
      return side.pass(one.ms);
  }
}

const short = (each: LockCommand): LockCommand =>
  "ttl" in each && each.ttl > hour ? { ...each, ttl: 60_000 } : each;

/** Replaces ids, run ids and times, which differ between nodes. */
function shownOf({ memory }: Identification): unknown {
  if (memory === null) return null;
  const { state, longest, longLeft, left, watermark, abstention } = memory;
  const settled = abstention?.settled ?? null;
  return { state, longest, watermark, settled, isLong: longLeft > 0, isLeft: left > 0 };
}

const withoutTimes = (replies: readonly Reply[]): unknown =>
  JSON.parse(
    JSON.stringify(replies, (name, value) => (name === "ttlLeft" ? Math.ceil(value / 10_000) : value)),
  );

/** Advances time on a server by moving recorded times into the past. The server's own clock keeps running. */
const pastScript = `
local ms = tonumber(ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left > ms then redis.call('PEXPIRE', key, left - ms)
  elseif left >= 0 then redis.call('DEL', key) end
end
`;

function memorySide(): Side {
  let time = 1_700_000_000_000;
  const clock: Clock = { monotonic: () => time, wall: () => time, after: () => ({ cancel() {} }) };
  const node = memoryNode("memory", { clock });
  node.flush();
  const pass = (ms: number) => {
    time += ms;
  };
  return { node, last: nothing, forget: () => node.flush(), pass };
}

const realSide = (): Side => ({
  node: real,
  last: nothing,
  forget: async () => void (await client.flushdb()),
  pass: async (ms) => void (await client.eval(pastScript, 0, ms)),
});

const nothing: Identification = { runId: null, id: null, memory: null };

/** Time is advanced for keys only, so the times of a memory are compared only where no time passes. */
const isComparable = (steps: readonly Step[]): boolean =>
  !steps.some(({ kind }) => kind === "pass") ||
  steps.every(
    (one) =>
      (one.kind !== "change" || one.abstains === null) &&
      (one.kind !== "batch" || one.commands.every((each) => !("ttl" in each) || each.ttl < hour)),
  );

const identification = { kind: "identify", leaves: false } as const;
/** The steps that give a node a memory. */
const inUse: readonly Step[] = [
  { kind: "identify", leaves: true },
  { kind: "change", abstains: null, settled: true, longest: 0, watermark: 0, stale: false },
];

test("a memory node handles every command and its memory like the script on a server", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 20 }).filter(isComparable),
      fc.boolean(),
      fc.boolean(),
      async (some, isNew, checks) => {
        await client.flushdb();
        const sides = [memorySide(), realSide()] as const;
        for (const one of isNew ? some : [...inUse, ...some]) {
          for (const each of [one, identification]) {
            const [own, theirs] = [
              await runStep(sides[0], each, checks),
              await runStep(sides[1], each, checks),
            ];
            expect({ one, does: own }).toEqual({ one, does: theirs });
          }
        }
      },
    ),
    { numRuns: 300, seed: 12 },
  );
}, 120_000);
