import { afterEach, expect, test } from "vitest";
import { createLocks, type Locks } from "../../src/index.js";
import type { Frame, LockView } from "../../src/inspector/feed/frames.js";
import { Reader } from "../inspector/server/reader.js";
import { get } from "../inspector/server/request.js";
import { ownServers } from "../locks/support.js";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import { endAll, type Holdfast, startHoldfast } from "./support/holdfast.js";

const open: Locks[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((locks) => locks.close({ timeout: 500 })));
});
afterEach(endAll);

const urlsOf = (servers: readonly { readonly port: number }[]) =>
  servers.map(({ port }) => `redis://127.0.0.1:${port}`);

/** Its nodes connect with its first lock. */
async function publishing(urls: readonly string[], owner: string): Promise<Locks> {
  const locks = createLocks({ nodes: urls, owner, publish: true, prefix: `ui-${process.pid}:` });
  open.push(locks);
  await locks.using(`first of ${owner}`, async () => undefined);
  return locks;
}

async function start(urls: readonly string[]): Promise<{ running: Holdfast; port: number }> {
  const nodes = urls.flatMap((url) => ["--node", url]);
  const running = await startHoldfast(["ui", ...nodes, "--port", "0"]);
  await waitUntil(`the address is printed; stderr: ${running.stderr}`, 10_000, () =>
    running.stdout.includes("\n"),
  );
  return { running, port: Number(/^http:\/\/127\.0\.0\.1:(\d+)\/\n$/.exec(running.stdout)?.[1]) };
}

const locksIn = (frame: Frame): readonly LockView[] =>
  frame.kind === "locks" ? frame.locks : frame.kind === "steps" ? frame.steps.map(({ lock }) => lock) : [];

const reports = (resource: string, state: string) => (frame: Frame) =>
  locksIn(frame).some((lock) => lock.resources.includes(resource) && lock.state === state);

const isBeatOf = (owner: string) => (frame: Frame) => frame.kind === "beat" && frame.owner === owner;

test("the locks of every process that publishes are shown, with their histories and metrics", async () => {
  const urls = urlsOf(sharedServers().slice(0, 3));
  const { running, port } = await start(urls);
  const reader = await Reader.open(port);
  const [ann, ben] = [await publishing(urls, "ann"), await publishing(urls, "ben")];
  for (const owner of ["ann", "ben"]) await reader.receives(owner, isBeatOf(owner));
  const lease = await ann.acquire("payouts:42");
  await ben.acquire("reports:nightly");
  await reader.receives("ann's lease", reports("payouts:42", "held"));
  await reader.receives("ben's lease", reports("reports:nightly", "held"));
  await lease.release();
  await reader.receives("the release", reports("payouts:42", "idle"));
  const { id } = reader.frames.flatMap(locksIn).find(({ resources }) => resources.includes("payouts:42")) ?? {
    id: "",
  };
  const history = JSON.parse((await get(port, `/history?lock=${id}`)).text) as { to: string }[];
  expect(history.map(({ to }) => to)).toContain("held");
  expect((await get(port, "/metrics")).text).toMatch(/^# TYPE holdfast_/m);
  await ann.close();
  await reader.receives("that ann has closed", ({ kind }) => kind === "bye");
  running.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
});

test("lost nodes are reported; when they are back, frames are received again", async () => {
  const servers = await ownServers(1);
  const [server] = servers;
  const urls = urlsOf(servers);
  const { running, port } = await start(urls);
  await waitUntil("the missing publisher is reported", 10_000, () =>
    running.stderr.includes("publish: true"),
  );
  expect(running.stderr).toMatch(/^holdfast: no process tells of its locks [^\n]*\n$/);
  await server?.kill();
  await waitUntil("it says what it has lost", 10_000, () =>
    /lost \S+; trying again|lost .*trying again/.test(running.stderr),
  );
  // The page is served all the same.
  const reader = await Reader.open(port);
  await server?.start();
  await waitUntil("it says that it is back", 15_000, () => running.stderr.includes(" is back"));
  const locks = await publishing(urls, "cleo");
  await reader.receives("cleo", isBeatOf("cleo"), 20_000);
  await locks.using("payouts:42", async () => undefined);
  await reader.receives("a lock", reports("payouts:42", "idle"));
  running.kill("SIGINT");
  expect(await running.ended).toMatchObject({ code: 0 });
}, 120_000);
