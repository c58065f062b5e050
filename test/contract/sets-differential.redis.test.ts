import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { Identification } from "../../src/engine/protocol/memory.js";
import type { SetRecord } from "../../src/engine/protocol/set-record.js";
import { setLapse, setPrecision } from "../../src/engine/protocol/set-record.js";
import { setsKey, watermarkKey } from "../../src/engine/protocol/side-keys.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { ageSets } from "../support/age-sets.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { acquire, reachesConnection, one as run, tokenOf, uniqueKey } from "./subject.js";

/** Runs random sequences of records of sets on a server and on a memory node, which must answer alike. */

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

const set = fc.constantFrom("* ", "*,b,c ", "*,b,c/* ");
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("record" as const),
      sets: fc.oneof(fc.constant(""), set),
      former: fc.oneof(fc.constant(""), set),
      watermark: fc.constantFrom(0, 5, 7, 12),
    }),
  },
  // No sum of these comes from below close to the times after which a set is recorded again, or lapses: the real server
  // also needs time for the comparison.
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(31_000, 70_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("identify" as const, "remember" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("fence" as const), fence: fc.constantFrom(6, 10) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Side {
  readonly node: LockNode;
  pass(ms: number): Promise<unknown>;
  forget(): Promise<unknown>;
}

const realSide = (): Side => ({
  node: real,
  pass: (ms) => ageSets(client, ms),
  forget: () => client.flushdb(),
});

function memorySide(): Side {
  const clock = new VirtualClock();
  const node = memoryNode("memory", { clock });
  node.flush();
  return { node, pass: (ms) => clock.advance(ms), forget: async () => node.flush() };
}

async function runStep({ node, pass, forget }: Side, one: Step): Promise<unknown> {
  switch (one.kind) {
    case "record":
      return shown(await node.recordSets?.(one.sets, one.former, one.watermark));
    case "pass":
      return void (await pass(one.ms));
    case "identify":
      return void (await node.identify("visitor", null));
    case "remember":
      return void (await remember(node));
    case "fence":
      // A high record of one resource must not hide the watermark, so each acquisition has a resource of its own.
      return (await run(node, { ...acquire(uniqueKey(), tokenOf("me")), fence: one.fence } as never)).kind;
    case "forget":
      return void (await forget());
  }
}

/** Gives the node a memory, as the first acquisition does. */
async function remember(node: LockNode): Promise<Identification | null> {
  const { memory } = await node.identify("visitor", null);
  if (memory === null) return null;
  return node.identify("visitor", { marker: memory.marker, abstention: null, longest: 0, watermark: 0 });
}

/** Ages are compared in steps of 10 s, because the server's clock keeps running. */
const shown = (record: SetRecord | undefined) => ({
  watermark: record?.watermark,
  uses: record?.uses.map(({ sets, age }) => `${sets}${Math.floor(age / 10_000)}`).sort(),
});

const look = { kind: "record", sets: "", former: "", watermark: 0 } as const;

test("a memory node records sets like the script on a server", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      await client.flushdb();
      const sides = [memorySide(), realSide()] as const;
      for (const one of steps) {
        for (const each of [one, look]) {
          const does = await runStep(sides[0], each);
          expect({ one, does: await runStep(sides[1], each) }).toEqual({ one, does });
        }
      }
    }),
    { numRuns: 300, seed: 7 },
  );
}, 120_000);

/** Counts the writes of a set's time by the time itself: it changes only when it is written. */
const recordedAt = async (sets: string): Promise<number> => Number(await client.hget(setsKey, sets));

test("a server writes the use of a set at most once in a while, and forgets it after its lapse", async () => {
  await client.flushdb();
  const record = (sets: string) => real.recordSets?.(sets, "", 0);
  await record("* ");
  await ageSets(client, setPrecision / 2);
  const before = await recordedAt("* ");
  await record("* ");
  expect(await recordedAt("* ")).toBe(before);
  await ageSets(client, setPrecision);
  await record("* ");
  expect(await recordedAt("* ")).toBeGreaterThan(before);
  expect(await client.pttl(setsKey)).toBeGreaterThan(setLapse - 30_000);
  await ageSets(client, setLapse);
  expect(await client.exists(setsKey)).toBe(0);
});

test("a server that has no watermark gets none: it must not be taken for one that remembers", async () => {
  await client.flushdb();
  expect(await real.recordSets?.("* ", "", 5)).toMatchObject({ watermark: 0 });
  expect(await client.exists(watermarkKey)).toBe(0);
  await client.set(watermarkKey, 3);
  expect(await real.recordSets?.("* ", "", 5)).toMatchObject({ watermark: 5 });
  expect(await client.get(watermarkKey)).toBe("5");
});
