import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect } from "vitest";
import { MemoryStore } from "../../src/clients/memory/memory-store.js";
import type { Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { decodeReply } from "../../src/engine/protocol/decoding.js";
import { encodeBatch } from "../../src/engine/protocol/encoding.js";
import { batchScript } from "../../src/engine/protocol/script.js";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";
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

/** Starts the server of the tests of one file. */
export function startScriptServer(): void {
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
}

/** Batches of commands, and ms that pass between them. */
type Sequence = readonly (number | readonly LockCommand[])[];

/** ms that pass, all multiples of 40. Their sums never come close to a time at which anything expires. */
const pause = fc.constantFrom(40, 80, 720, 1_600);

export const sequencesOf = (batch: fc.Arbitrary<LockCommand[]>): fc.Arbitrary<Sequence> =>
  fc.array(fc.oneof({ weight: 4, arbitrary: batch }, { weight: 1, arbitrary: pause }), {
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
async function elapse(ms: number, keys: readonly string[]): Promise<void> {
  const { queue, number, readers } = sideKeysOf(false);
  for (const key of new Set(keys.flatMap((each) => [each, queue(each), number(each), readers(each)])))
    await client.eval(age, 1, key, ms * slowness);
}

/** A store and the script on the server give the same replies and send `process` the same messages. `keys`: those in use. */
export async function expectAlikeDuring(
  sequence: Sequence,
  keys: readonly string[],
  process: string,
): Promise<void> {
  await client.flushdb();
  const published: string[] = [];
  const store = new MemoryStore((_channel, message) => published.push(message));
  const before = (await view.messages(process)).length;
  let now = 1_800_000_000_000;
  for (const step of sequence) {
    if (typeof step === "number") {
      now += step;
      await elapse(step, keys);
      continue;
    }
    const replies = await ask(step, now);
    const own = step.map((command) => store.apply(command, now));
    expectAlike(own, replies);
    expect((await view.messages(process)).slice(before)).toEqual(published);
  }
}
