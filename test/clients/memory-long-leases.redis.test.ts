import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryStore } from "../../src/clients/memory/memory-store.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { longLeasesKey } from "../../src/engine/protocol/side-keys.js";
import { granted, identificationOf, tokenOf } from "../contract/subject.js";
import { execute } from "../engine/batches.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

const user = { name: "app", password: "secret" };
let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(() => server.call("FLUSHALL"));

const me = tokenOf("me");
const you = tokenOf("you");
const day = 86_400_000;

const [[, open] = []] = everyClient(() => server.port);
const [[, openAsUser] = []] = everyClient(() => server.port, user);
type Remembering = {
  readonly node: LockNode;
  send(...commands: LockCommand[]): ReturnType<typeof execute>;
  longLeft(age?: number): Promise<number>;
};

async function withMemory(run: (remembering: Remembering) => Promise<void>, opened = open): Promise<void> {
  if (opened === undefined) throw new Error("there is no client");
  await withNode(opened, async (node) => {
    const marker = (await identificationOf(node)).memory?.marker ?? "";
    const change = { marker, abstention: null, longest: 0, watermark: 0 };
    const mark = (await node.identify("an-id", change)).memory?.mark ?? "";
    await run({
      node,
      send: (...commands) =>
        execute(
          node,
          commands.map((command) => ({ command, wanted: () => true })),
          mark,
        ),
      longLeft: async (age = 0) => (await node.identify("looks", null, age)).memory?.longLeft ?? -1,
    });
  });
}

const take = (key: string, ttl: number, token = me): LockCommand => ({
  op: "acquire",
  keys: [key],
  token,
  ttl,
});
const release = (key: string, token = me): LockCommand => ({ op: "release", keys: [key], token, long: true });
const recorded = async () => (await server.call("ZRANGE", longLeasesKey, 0, -1)) as string[];

/** ms; the longest that a test may take. */
const maxDuration = 10_000;
const about = (value: number, expected: number) => {
  expect(value).toBeLessThanOrEqual(expected);
  expect(value).toBeGreaterThan(expected - maxDuration);
};

describe("a lease of more than a minute is recorded on its own", () => {
  test("while it is held, and not in the longest ttl", async () => {
    await withMemory(async ({ node, send, longLeft }) => {
      expect(await send(take("a", 60_000), take("b", day))).toEqual([granted, granted]);
      expect((await recorded()).sort()).toEqual(["sb", "ub"]);
      expect((await identificationOf(node)).memory?.longest).toBe(60_000);
      about(await longLeft(), day);
      expect(await send(release("b"))).toEqual([granted]);
      expect(await recorded()).toEqual([]);
      expect(await longLeft()).toBe(0);
    });
  });

  test("also by a command with a queue that has no waiters", async () => {
    await withMemory(async ({ send, longLeft }) => {
      expect(await send({ ...take("a", day), queue: { place: null, barge: false } } as LockCommand)).toEqual([
        granted,
      ]);
      about(await longLeft(), day);
      expect(await send({ ...release("a"), queue: { id: null, wake: true } } as LockCommand)).toEqual([
        granted,
      ]);
      expect(await recorded()).toEqual([]);
    });
  });

  const ops: Record<string, LockCommand> = {
    renew: { op: "renew", keys: ["a"], token: me, ttl: day },
    heal: { op: "heal", keys: ["a"], token: me, ttl: day },
    swap: { op: "swap", keys: ["a"], token: you, from: me, ttl: day },
  };
  test.each(Object.entries(ops))("also by %s", async (_, command) => {
    await withMemory(async ({ send, longLeft }) => {
      expect(await send(take("a", 5_000))).toEqual([granted]);
      expect(await longLeft()).toBe(0);
      expect(await send(command)).toEqual([granted]);
      about(await longLeft(), day);
    });
  });

  test("with all of its keys, beside those of other leases", async () => {
    await withMemory(async ({ send, longLeft }) => {
      const several: LockCommand = { op: "acquire", keys: ["a", "b"], token: me, ttl: 2 * day };
      expect(await send(several, take("c", day, you))).toEqual([granted, granted]);
      about(await longLeft(), 2 * day);
      await send({ op: "release", keys: ["a", "b"], token: me, long: true });
      about(await longLeft(), day);
      expect((await recorded()).sort()).toEqual(["sc", "uc"]);
    });
  });

  test("only once it is granted: a denial changes nothing", async () => {
    await withMemory(async ({ send, longLeft }) => {
      await send(take("a", 70_000));
      const [denied] = await send(take("a", day, you));
      expect(denied).toMatchObject({ kind: "denied" });
      about(await longLeft(), 70_000);
      // Nor does the release of a lease that was never granted.
      await send(release("a", you));
      about(await longLeft(), 70_000);
    });
  });

  test("for as long as its key is kept: a short renewal shortens nothing, a handover takes it along", async () => {
    await withMemory(async ({ send, longLeft }) => {
      await send(take("a", day));
      await send({ op: "renew", keys: ["a"], token: me, ttl: 1_000 });
      about(await longLeft(), day);
      await send({ op: "swap", keys: ["a"], token: you, from: me, ttl: 70_000 });
      about(await longLeft(), day);
      await send({ op: "giveBack", keys: ["a"], token: me, from: you, ttl: 80_000 });
      about(await longLeft(), 80_000);
      await send(release("a"));
      expect(await recorded()).toEqual([]);
    });
  });

  test("no longer than until a release by a process that did not know of it", async () => {
    await withMemory(async ({ node, send, longLeft }) => {
      await send(take("a", day), take("b", day));
      await send({ op: "release", keys: ["a"], token: me });
      await server.call("DEL", "b");
      expect((await node.identify("", null)).memory?.longLeft).toBe(0);
      expect(await recorded()).toHaveLength(4);
      expect(await longLeft()).toBe(0);
      expect(await recorded()).toEqual([]);
    });
  });

  test("since its start, even under a previous token", async () => {
    await withMemory(async ({ send, longLeft }) => {
      await send(take("a", day), take("b", day), take("c", day));
      await send({ op: "release", keys: ["b"], token: me });
      // Moves the starts back by a minute: leases acquired from now on are younger, however slow the machine is.
      for (const member of ["sa", "sb", "sc"]) await server.call("ZINCRBY", longLeasesKey, 60_000, member);
      await send(take("b", day, you), { op: "renew", keys: ["c"], token: me, ttl: 3 * day });
      about(await longLeft(30_000), 3 * day);
      await send(release("c"));
      about(await longLeft(30_000), day);
      await send(release("a"));
      // All leases held now started later.
      expect(await longLeft(30_000)).toBe(0);
      about(await longLeft(), day);
    });
  });

  test("in no more space than the held leases need", async () => {
    await withMemory(async ({ send, longLeft }) => {
      const many = Array.from({ length: 3_000 }, (_, index) => `many-${index}`);
      await send(...many.map((key) => take(key, day)));
      expect(await server.call("ZCARD", longLeasesKey)).toBe(6_000);
      about(await longLeft(), day);
      await send(...many.slice(1_000).map((key) => release(key)));
      expect(await server.call("ZCARD", longLeasesKey)).toBe(2_000);
      await send(...many.slice(0, 1_000).map((key) => release(key)));
      expect(await server.call("EXISTS", longLeasesKey)).toBe(0);
    });
  });

  test("even if more leases have ended than one call checks", async () => {
    await withMemory(async ({ send, longLeft }) => {
      const many = Array.from({ length: 1_500 }, (_, index) => `many-${index}`);
      await send(...many.map((key) => take(key, day)));
      await server.call("DEL", ...(many as [string, ...string[]]));
      about(await longLeft(), day);
      expect(await longLeft()).toBe(0);
      expect(await recorded()).toEqual([]);
    });
  });

  test("until it expires: it is removed with the next one, or the whole record expires", async () => {
    await withMemory(async ({ send }) => {
      await send(take("a", day));
      // Sets a start far in the past.
      const ago = Date.now() - 1_000;
      await server.call("ZADD", longLeasesKey, ago, "ua", -ago, "sa", ago, "ux", -ago, "sx");
      await server.call("PEXPIRE", longLeasesKey, 1_000);
      await send(take("b", 100_000));
      expect((await recorded()).sort()).toEqual(["sb", "ub"]);
      about(Number(await server.call("PTTL", longLeasesKey)), 100_000);
    });
  });

  test("or is not granted", async () => {
    await withMemory(async ({ send }) => {
      await server.call("SET", longLeasesKey, "in the way");
      const [reply] = await send(take("a", day));
      expect(reply).toMatchObject({ kind: "failed", message: expect.stringContaining("WRONGTYPE") });
      expect(await server.call("EXISTS", "a")).toBe(0);
      expect(await send(take("b", 1_000), release("b"))).toEqual([granted, granted]);
    });
  });

  test("for its granted ttl, if the key may not be read", async () => {
    const permit = (...rules: string[]) =>
      server.call(
        "ACL",
        "SETUSER",
        user.name,
        "on",
        `>${user.password}`,
        "+@all",
        "~holdfast:*",
        "&*",
        ...rules,
      );
    await permit();
    await withMemory(async ({ send, node }) => {
      await send(take("hidden", day));
      await withMemory(async ({ longLeft }) => {
        about(await longLeft(), day);
      }, openAsUser);
      expect((await identificationOf(node)).memory).toMatchObject({ state: "kept" });
    });
  });

  test("by the memory store in the same way", async () => {
    await withMemory(async ({ send, longLeft }) => {
      const store = new MemoryStore();
      const began = Date.now();
      const steps: LockCommand[] = [
        take("a", 60_001),
        take("b", 60_000),
        { op: "renew", keys: ["b"], token: me, ttl: 90_000 },
        { op: "swap", keys: ["b"], token: you, from: me, ttl: 1_000 },
        { op: "giveBack", keys: ["b"], token: me, from: you, ttl: 80_000 },
        { op: "heal", keys: ["c"], token: me, ttl: 500_000 },
        { op: "fence", keys: ["c"], token: me, fence: 3 },
        release("c", you),
        release("c"),
        release("b"),
        take("a", 1_000),
        release("a"),
      ];
      for (const step of steps) {
        const [reply] = await send(step);
        expect(reply?.kind, JSON.stringify(step)).toBe(store.apply(step, Date.now() - began).kind);
        const [there, here] = [await longLeft(), store.longLeft(Date.now() - began, 0)];
        expect(Math.abs(there - here), JSON.stringify(step)).toBeLessThan(maxDuration);
        expect(there === 0, JSON.stringify(step)).toBe(here === 0);
      }
    });
  });
});
