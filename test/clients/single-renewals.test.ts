import { expect, test } from "vitest";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { granted, one, tokenOf } from "../contract/subject.js";
import { nodeOver } from "./fake-connection.js";

const keys = ["a", "b", "c"];
const command: LockCommand = { op: "renewEach", keys, tokens: keys.map(() => tokenOf("me")), ttl: 1_000 };

/** A server that refuses every call that names one of these keys. */
const forbidding = (...forbidden: string[]) =>
  nodeOver((_, named) =>
    named.some((key) => forbidden.includes(key))
      ? Promise.reject(new Error("NOPERM No permissions to access a key"))
      : Promise.resolve(named.map(() => 1)),
  );

test("a key that a server forbids does not keep it from renewing the other keys", async () => {
  expect(await one(forbidding("b"), command)).toEqual({ kind: "partly", others: [1] });
});

test("a server that refuses all keys has failed", async () => {
  expect(await one(forbidding(...keys), command)).toMatchObject({ kind: "failed", reason: "refused" });
});

test("a call that is too big for a server is split", async () => {
  const node = nodeOver((_, named) =>
    named.length > 1
      ? Promise.reject(new Error("ERR Protocol error: invalid multibulk length"))
      : Promise.resolve(named.map(() => 1)),
  );
  expect(await one(node, command)).toEqual(granted);
});

test.each<[string, unknown, object]>([
  ["all", 1, granted],
  ["the first", [3, 1], { kind: "partly", others: [0] }],
  ["two, as text", ["3", "2", "3"], { kind: "partly", others: [1, 2] }],
  ["none", [3], { kind: "failed", reason: "garbage" }],
  ["a position that is too high", [3, 4], { kind: "failed", reason: "garbage" }],
  ["a position that is too low", [3, 0], { kind: "failed", reason: "garbage" }],
  ["a position twice", [3, 2, 2], { kind: "failed", reason: "garbage" }],
  ["a denial", [0, 1, 5, "me~", "#", "string"], { kind: "failed", reason: "garbage" }],
])("a reply that names %s", async (_, raw, reply) => {
  expect(
    await one(
      nodeOver(() => Promise.resolve([raw])),
      command,
    ),
  ).toMatchObject(reply);
});
