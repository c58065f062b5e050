import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../support/free-port.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { endAll, holdfast } from "./support/holdfast.js";

/** A new set of three nodes, one of which is down. */
let servers: RedisServer[];
let absent: string;

const run = (...args: string[]) => {
  const addresses = [...servers.map(({ url }) => url), `redis://${absent}`];
  const nodes = addresses.flatMap((address) => ["--node", address]);
  return holdfast(["run", "--resource", "new", ...nodes, ...args, "--", "echo", "ran"]);
};

beforeEach(async () => {
  servers = await startAll([startServer, startServer].map((start) => () => start()));
  absent = `127.0.0.1:${await freePort()}`;
});
afterEach(async () => {
  await endAll();
  await stopAll(servers);
});

test("says which node prevents its start, and how to start without that node", async () => {
  const ended = await run("--wait", "4s");
  expect(ended.stderr).toMatch(/^holdfast: no quorum of nodes: [^\n]+; waited 4 s\n$/);
  expect(ended.stderr).toContain(absent);
  expect(ended.stderr).toMatch(/has no memory; .*can be asked \(quarantine 0 takes it for new\)/);
  expect(ended).toMatchObject({ code: 69, stdout: "" });
});

test("starts without that node with --quarantine 0, and afterwards without the option", async () => {
  expect(await run("--quarantine", "0")).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  expect(await run()).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
});
