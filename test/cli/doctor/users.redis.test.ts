import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startServer } from "../../support/servers.js";
import { diagnosis, findingsOf } from "./diagnosis.js";

const password = 'top "secret", 1/2';
const userPassword = "unseen-word";
let server: RedisServer;

beforeAll(async () => {
  server = await startServer({ password });
});
afterAll(() => server.stop());

/** The address of a user with exactly these permissions. */
async function user(name: string, ...rules: string[]): Promise<string> {
  await server.call("ACL", "SETUSER", name, "reset", "on", `>${userPassword}`, ...rules);
  return `redis://${name}:${userPassword}@127.0.0.1:${server.port}`;
}

const rightsOf = async (address: string, prefix = "") =>
  findingsOf(await diagnosis([address], prefix)).filter(
    ({ code }) => code.startsWith("rights") || code === "writes" || code === "script",
  );

const lockCommands = ["+eval", "+evalsha", "+exists", "+get", "+set", "+del", "+type", "+pttl", "+pexpire"];
const queueCommands = ["+time", "+zadd", "+zrangebyscore", "+zrem", "+zscore"];
const setsCommands = ["+hget", "+hset", "+hdel", "+hgetall"];
const wakeCommands = ["+publish", "+subscribe"];
const all = [...lockCommands, ...setsCommands, ...queueCommands, ...wakeCommands, "+info"];

test("a user with the advised permissions has all that are needed", async () => {
  const address = await user("able", ...all, "~*", "&holdfast:wake:*", "&holdfast:life");
  expect(await rightsOf(address)).toMatchObject([
    { severity: "ok", code: "writes" },
    { severity: "ok", code: "script" },
    { severity: "ok", code: "rights", found: "the user may do all that Holdfast needs" },
  ]);
});

test("a user without the channel of published frames has all that locks need", async () => {
  const address = await user("unseen", ...all, "~*", "&holdfast:wake:*");
  expect((await rightsOf(address)).slice(2)).toMatchObject([
    {
      severity: "note",
      code: "rights-publish",
      value: { commands: [], keys: [], channels: ["holdfast:life"] },
      advice: "ACL SETUSER <user> &holdfast:life",
    },
    { severity: "ok", code: "rights", found: "the user may do all that locks need" },
  ]);
  await server.call("ACL", "SETUSER", "unseen", "&holdfast:life");
  expect((await rightsOf(address)).slice(2)).toMatchObject([{ severity: "ok", code: "rights" }]);
});

test("a user who may only run scripts on some keys", async () => {
  const address = await user("scripts", "+eval", "+evalsha", "~jobs:*");
  expect(await rightsOf(address, "jobs:")).toMatchObject([
    { severity: "ok", code: "script" },
    {
      severity: "error",
      code: "rights-lock",
      value: { commands: ["EXISTS", "GET", "SET", "DEL", "TYPE", "PTTL", "PEXPIRE"], keys: [] },
    },
    { severity: "note", code: "rights-identity", value: { commands: ["INFO"] } },
    {
      severity: "note",
      code: "rights-memory",
      value: { keys: ["holdfast:memory", "holdfast:memory:long"] },
    },
    {
      severity: "warning",
      code: "rights-sets",
      value: {
        commands: ["HGET", "HSET", "HDEL", "HGETALL"],
        keys: ["holdfast:sets", "holdfast:watermark"],
      },
    },
    {
      severity: "warning",
      code: "rights-queue",
      value: {
        commands: ["TIME", "ZADD", "ZRANGEBYSCORE", "ZREM", "ZSCORE"],
        keys: ["holdfast:queue:*"],
      },
    },
    { severity: "warning", code: "rights-wake", value: { commands: ["PUBLISH", "SUBSCRIBE"], channels: [] } },
    {
      severity: "note",
      code: "rights-fence",
      value: { commands: [], keys: ["holdfast:fence:*", "holdfast:watermark"] },
    },
  ]);
});

test("keys and channels that a user may not access, and a prefix that the user may", async () => {
  const address = await user("narrow", ...all, "~jobs:*", "~holdfast:*", "resetchannels");
  const wake = { severity: "warning", code: "rights-wake", value: { channels: ["holdfast:wake:*"] } };
  expect(await rightsOf(address, "jobs:")).toMatchObject([
    { code: "writes" },
    { code: "script" },
    wake,
    { code: "rights-publish" },
  ]);
  expect(await rightsOf(address)).toMatchObject([
    { severity: "error", code: "rights-lock", value: { commands: [], keys: ["*"] } },
    wake,
    { code: "rights-publish" },
  ]);
});

test("following the advice gives the rights", async () => {
  const address = await user("advised", "+eval", "~jobs:*");
  const advice = (await rightsOf(address, "jobs:")).flatMap(
    (finding) => /^ACL SETUSER <user> ([^;]*)/.exec(finding.advice ?? "")?.[1]?.split(" ") ?? [],
  );
  await server.call("ACL", "SETUSER", "advised", ...advice);
  expect((await rightsOf(address, "jobs:")).at(-1)).toMatchObject({
    severity: "ok",
    code: "rights",
  });
});

test("a user without the rights for the record of sets, under which the doctor writes nothing", async () => {
  const rules = all.filter((rule) => !setsCommands.includes(rule));
  const address = await user("older", ...rules, "~jobs:*", "~holdfast:*", "&holdfast:wake:*");
  expect(await rightsOf(address, "jobs:")).toMatchObject([
    { code: "writes" },
    { code: "script" },
    {
      severity: "warning",
      code: "rights-sets",
      value: { commands: ["HGET", "HSET", "HDEL", "HGETALL"], keys: [] },
    },
    { code: "rights-publish" },
  ]);
  await server.call("ACL", "SETUSER", "older", ...setsCommands);
  expect((await rightsOf(address, "jobs:")).at(-1)).toMatchObject({ severity: "ok", code: "rights" });
  expect(await server.call("KEYS", "*holdfast-doctor*")).toEqual([]);
});

test("a user who may not even run scripts gets that finding, and none about what is unknown then", async () => {
  const address = await user("none", "+info");
  expect((await rightsOf(address))[0]).toMatchObject({
    severity: "error",
    code: "rights-lock",
    value: { commands: expect.arrayContaining(["EVAL", "EVALSHA"]) },
  });
});

test.each([
  ["a wrong password", () => server.url.replace("secret", "secretish"), "password"],
  ["an unknown user", () => `redis://nobody:${userPassword}@127.0.0.1:${server.port}`, "password"],
  ["no password", () => `redis://127.0.0.1:${server.port}`, "passwordMissing"],
])("%s", async (_, address, why) => {
  const report = await diagnosis([address()]);
  expect(report).toMatchObject({
    quorum: false,
    nodes: [{ reached: false, findings: [{ value: { why } }] }],
  });
});

test("a password that the server does not require", async () => {
  const open = await startServer();
  const report = await diagnosis([open.url.replace("//", `//:${userPassword}@`)]);
  await open.stop();
  expect(findingsOf(report)).toContainEqual(
    expect.objectContaining({ severity: "warning", code: "password-unneeded" }),
  );
});
