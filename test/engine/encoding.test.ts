import { describe, expect, it } from "vitest";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { encodeBatch } from "../../src/engine/protocol/encoding.js";
import { decodeIdentification, encodeIdentification } from "../../src/engine/protocol/identification.js";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";

const encode = (mark: string | null, ...commands: LockCommand[]) =>
  encodeBatch(
    mark,
    commands.map((command) => ({ command })),
    sideKeysOf(false),
  );

const keys = ["a"];
const token = "token";
const withTtl = (ttl: number): LockCommand[] => [
  { op: "acquire", keys, token, ttl },
  { op: "renew", keys, token, ttl },
  { op: "renewEach", keys, tokens: [token], ttl },
  { op: "heal", keys, token, ttl },
  { op: "swap", keys, token, from: "before", ttl },
];
const release: LockCommand = { op: "release", keys, token };

/** The part of the encoded batch before the commands. */
const head = ({ keys: all, args }: ReturnType<typeof encode>) => ({
  keys: all.slice(0, all.indexOf("a")),
  args: args.slice(0, args[0] === "" || args[0] === "+" ? 1 : 2),
});

const marker = "holdfast:memory";
const record = "holdfast:memory:long";

describe("the TTL that a batch asks a server to record", () => {
  it.each(withTtl(30_000).map((command) => [command.op, command] as const))(
    "is the TTL of %s",
    (_, command) => {
      expect(head(encode("m", command))).toEqual({ keys: [marker], args: ["m", "30000"] });
    },
  );

  it("is the longest TTL of the batch, up to a minute", () => {
    const commands = [...withTtl(60_000), ...withTtl(10)];
    expect(head(encode("m", ...commands))).toEqual({ keys: [marker], args: ["m", "60000"] });
  });

  it.each(withTtl(60_001).map((command) => [command.op, command] as const))(
    "is recorded with the lease itself when the TTL is longer: %s",
    (_, command) => {
      const expected = { keys: [marker, record], args: ["+m", "5"] };
      expect(head(encode("m", { op: "acquire", keys, token, ttl: 5 }, command))).toEqual(expected);
      expect(head(encode("m", command)).args).toEqual(["+m", "0"]);
    },
  );

  it("is absent without a mark, and for commands that need no memory", () => {
    for (const command of [...withTtl(60_001), { ...release, long: true }]) {
      expect(head(encode(null, command))).toEqual({ keys: [], args: [""] });
    }
    expect(head(encode("m", release, { op: "inspect", keys }))).toEqual({ keys: [], args: [""] });
    const back: LockCommand = { op: "giveBack", keys, token, from: "before", ttl: 5 };
    expect(head(encode("m", back))).toEqual({ keys: [], args: [""] });
  });

  it("is deleted by the release of a lease that may be recorded on its own", () => {
    expect(head(encode("m", { ...release, long: true }))).toEqual({ keys: [record], args: ["+"] });
  });

  it("is also sent by commands without a TTL", () => {
    expect(head(encode("m", { op: "fence", keys, token, fence: 1 }))).toEqual({
      keys: [marker],
      args: ["m", "0"],
    });
  });
});

describe("the commands of a batch", () => {
  const list = (...commands: LockCommand[]) => commands.map((command) => ({ command }));
  const take = (resource: string): LockCommand => ({ op: "acquire", keys: [resource], token, ttl: 5 });
  const bargingTake = (resource: string): LockCommand => ({
    op: "acquire",
    keys: [resource],
    token,
    ttl: 5,
    queue: { place: null, barge: true },
  });

  it("are the same for every node, whatever other nodes are sent before", () => {
    const [one, other, third] = [take("a"), take("b"), take("c")];
    const batches = [list(one, other), list(one, third), list(one), list(third, one), list()];
    const fresh = batches.map((batch) => encodeBatch("m", structuredClone(batch), sideKeysOf(false)));
    for (const [index, batch] of batches.entries()) {
      for (const mark of ["m", "n", null]) {
        const { keys: sent, args } = encodeBatch(mark, batch, sideKeysOf(false));
        const checked = mark !== null && batch.length > 0;
        expect(sent.filter((key) => key !== marker)).toEqual(
          fresh[index]?.keys.filter((key) => key !== marker),
        );
        expect(args.slice(checked ? 2 : 1)).toEqual(fresh[index]?.args.slice(batch.length > 0 ? 2 : 1));
        expect(args[0]).toBe(checked ? mark : "");
      }
    }
  });

  it("name the side keys of each node", () => {
    const batch = list(bargingTake("a"));
    const sets = [
      sideKeysOf(false),
      sideKeysOf(true, () => "x:"),
      sideKeysOf(true, () => "y:"),
      sideKeysOf(false),
    ];
    const queues = sets.map((sideKeys) => encodeBatch(null, batch, sideKeys).keys[1]);
    expect(queues).toEqual(sets.map((sideKeys) => sideKeys.queue("a")));
    expect(new Set(queues).size).toBe(3);
  });
});

describe("an identification", () => {
  it("carries the minimum age of the leases that count, in whole ms", () => {
    expect(encodeIdentification("id", null, 12.7)).toEqual(["id", "12"]);
  });

  it("rejects a reply that lacks any of its parts", () => {
    const whole = ["life", "id.life 5 -", "1000", "7", "60"];
    expect(decodeIdentification(whole).memory).toMatchObject({
      longest: 5,
      longLeft: 60,
      now: 1_000,
      watermark: 7,
    });
    expect(() => decodeIdentification(whole.slice(0, 4))).toThrow(/unexpected reply/);
    expect(() => decodeIdentification(["life", "id.life 5 -", "x", "7", "60"])).toThrow(/unexpected reply/);
    expect(() => decodeIdentification([...whole.slice(0, 4), "much"])).toThrow(/unexpected reply/);
  });
});
