import { afterEach, expect, test } from "vitest";
import { frameChannel } from "../../src/inspector/publishing/channel.js";
import { beat } from "../inspector/frames-of-all-kinds.js";
import { ownServers } from "../locks/support.js";
import { type RedisServer, waitUntil } from "../support/servers.js";
import { endAll, holdfast, startHoldfast } from "./support/holdfast.js";

afterEach(endAll);

const cause =
  "its memory is of protocol version 2, and this process knows version 1: update Holdfast in this process";
const flagsOf = (nodes: readonly RedisServer[]) => nodes.flatMap(({ url }) => ["--node", url]);

/** Servers of which the first has a memory of version 2. */
async function updated(): Promise<readonly [RedisServer, RedisServer, RedisServer]> {
  const nodes = (await ownServers(3)) as [RedisServer, RedisServer, RedisServer];
  await nodes[0].call("SET", "holdfast:memory", "v2 of another form");
  return nodes;
}

test("a memory of a later version is named by doctor, doctor --wait, inspect and admit, and left alone", async () => {
  const nodes = await updated();
  const flags = flagsOf(nodes);
  const [doctor, waiting, inspection, admission] = await Promise.all([
    holdfast(["doctor", ...flags]),
    holdfast(["doctor", "--wait", "1s", ...flags]),
    holdfast(["inspect", "a", ...flags]),
    holdfast(["admit", "--node", nodes[0].url, "--other", nodes[1].url, "--other", nodes[2].url, "--yes"]),
  ]);
  expect(doctor.stdout).toContain(
    `the memory of ${nodes[0].url} is of protocol version 2, and this Holdfast knows version 1`,
  );
  expect(doctor.code).not.toBe(0);
  expect(waiting.stdout + waiting.stderr).toContain(cause);
  expect(inspection.stdout).toMatch(new RegExp(`${nodes[0].url} +failed +${cause}`));
  expect(admission.code).not.toBe(0);
  expect(admission.stderr).toContain(cause);
  expect(await nodes[0].call("GET", "holdfast:memory")).toBe("v2 of another form");
  expect(await nodes[0].call("KEYS", "holdfast:admitted")).toEqual([]);
});

test("a process that publishes in a later version is named once by watch and by ui", async () => {
  const nodes = await ownServers(1);
  const [node] = nodes as [RedisServer];
  const flags = flagsOf(nodes);
  const watching = await startHoldfast(["watch", ...flags, "--json"]);
  const page = await startHoldfast(["ui", ...flags, "--port", "0"]);
  await waitUntil("both listen", 20_000, async () => {
    const [, count] = (await node.call("PUBSUB", "NUMSUB", frameChannel)) as [string, number];
    return count === 2;
  });
  const say = (frame: object) => node.call("PUBLISH", frameChannel, JSON.stringify(frame));
  for (let seq = 1; seq < 4; seq++)
    await say({ version: 2, ...beat({ seq, owner: "worker-\u001b[31m1", source: "later" }) });
  await say({ ...beat({ seq: 1, owner: "worker-2", source: "present" }) });
  await waitUntil("the frame of this version is shown", 20_000, () => watching.stdout.includes("worker-2"));
  const notice = /worker-.*1 publishes in version 2; this holdfast reads version 1: update it/;
  for (const one of [watching, page]) {
    await waitUntil(`the version is named: ${one.stderr}`, 20_000, () => notice.test(one.stderr));
    expect(one.stderr.split(notice)).toHaveLength(2);
    expect(one.stderr).not.toContain("\u001b[31m");
  }
  expect(watching.stdout).not.toContain('"source":"later"');
});
