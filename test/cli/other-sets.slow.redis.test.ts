import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type RedisServer, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { endAll, holdfast } from "./support/holdfast.js";

/** Of this test alone, because it records two sets of nodes on one server. */
let servers: RedisServer[];
beforeAll(async () => {
  servers = await startAll(Array.from({ length: 3 }, () => () => startServer()));
});
afterAll(() => stopAll(servers));
afterEach(endAll);

const run = (nodes: readonly RedisServer[], ...more: string[]) =>
  holdfast([
    ...["run", "--resource", "a", "--node-timeout", "2s", ...nodes.flatMap(({ url }) => ["--node", url])],
    ...[...more, "--", "echo", "ran"],
  ]);

test("nodes that another set uses are warned of with the code and what to do, or refused", async () => {
  await run(servers.slice(0, 1));
  const warned = await run(servers);
  expect(warned).toMatchObject({ code: 0, stdout: "ran\n" });
  expect(warned.stderr).toMatch(
    /^holdfast: warning MEMBERSHIP_MISMATCH: \S+ is also used by a set of 1 node, .* Give all processes the same nodes\. /,
  );
  const { stderr } = await run(servers, "--json");
  const warning = stderr.split("\n").find((line) => line.includes('"warning"')) ?? "{}";
  expect(JSON.parse(warning)).toMatchObject({
    code: "MEMBERSHIP_MISMATCH",
    message: expect.stringContaining("is also used by a set of 1 node"),
    detail: expect.stringMatching(/^Give all processes the same nodes\. /),
  });
  const refused = await run(servers, "--other-sets", "refuse");
  expect(refused).toMatchObject({ code: 64, stdout: "" });
  expect(refused.stderr).toMatch(/^holdfast: \S+ is also used by a set of 1 node, /);
  expect(await run(servers, "--other-sets", "allow")).toMatchObject({ code: 0, stderr: "" });
});
