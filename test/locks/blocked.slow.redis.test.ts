import { expect, test, vi } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { runFixture } from "./child.js";
import { locksOf, uniqueName } from "./support.js";

const ports = sharedServers()
  .slice(0, 3)
  .map(({ port }) => String(port));
const nodes = ports.map((port) => `redis://127.0.0.1:${port}`);

// Threads start late on a busy machine, and the ttl must leave them time to renew.
vi.setConfig({ testTimeout: 180_000 });

const run = (what: string, prefix: string, ttl: number) =>
  runFixture("blocked", [what, prefix, String(ttl), ...ports]);

test("a process whose event loop is blocked for five times the ttl keeps its lock", async () => {
  const prefix = uniqueName();
  const child = run("keep", prefix, 4_000);
  await child.said("held");
  const locks = locksOf(nodes, { prefix });
  // Is granted only after the release.
  let granted = false;
  const waiting = locks.acquire("job", { wait: 60_000 }).then((lease) => {
    granted = true;
    return lease;
  });
  await child.said("still held: true");
  expect(granted).toBe(false);
  await (await waiting).release();
  const { code, lines, stderr } = await child.ended;
  expect([code, lines, stderr]).toEqual([0, ["held", "still held: true", "released"], ""]);
});

test("a process that is blocked for longer than stallLimit loses the lock on the nodes, and its first question tells", async () => {
  const prefix = uniqueName();
  const child = run("stall", prefix, 4_000);
  await child.said("held");
  const lease = await locksOf(nodes, { prefix }).acquire("job", { wait: 60_000, ttl: 60_000 });
  await child.said("remaining 0");
  await child.said("LEASE_EXPIRED stalled");
  await child.said("expired stalled");
  lease.assertHeld();
  expect(await lease.release()).toBe("released");
  const { code, lines } = await child.ended;
  expect([code, lines]).toEqual([0, ["held", "expired stalled", "remaining 0", "LEASE_EXPIRED stalled"]]);
});

test("clients are made in the worker: of an export, of a function and of an asynchronous one", async () => {
  const { code, lines, stderr } = await run("modules", uniqueName(), 6_000).ended;
  expect([code, lines, stderr]).toEqual([0, ["released"], ""]);
});

test("a module that gives no client is named in the error of the acquisition", async () => {
  const { code, lines } = await run("missing", uniqueName(), 2_500).ended;
  expect([code, lines]).toEqual([
    0,
    [
      expect.stringMatching(
        /^QUORUM_UNAVAILABLE .*worker-clients\.mjs#nothing: the module gives no client: it has no export "nothing"/,
      ),
    ],
  ]);
});

test("a worker that fails is reported with the error, and replaced before the lease is lost", async () => {
  const { code, lines } = await run("crash", uniqueName(), 15_000).ended;
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^warning RENEWAL_WORKER_ENDED: the renewal worker has ended: boom in the worker.* Error: boom/,
    ),
  );
  expect([code, lines.at(-1)]).toEqual([0, "released"]);
  expect(lines.filter((line) => line.startsWith("unhandled"))).toEqual([]);
});

test("a program that has not closed its locks ends", async () => {
  const { code, lines } = await run("end", uniqueName(), 5_000).ended;
  expect([code, lines]).toEqual([0, ["held"]]);
});

test("a process that exits at once after a release has sent it", async () => {
  for (let time = 0; time < 2; time++) {
    const prefix = uniqueName();
    const child = run("exit", prefix, 60_000);
    await child.ended;
    const lease = await locksOf(nodes, { prefix }).acquire("job", { wait: 30_000 });
    await lease.release();
  }
});

/** The shared servers are also used by other sets, which is warned of. */
const withoutOtherSets = (lines: readonly string[]) =>
  lines.filter((line) => !line.startsWith("warning MEMBERSHIP_MISMATCH"));

test.each([
  ["a permit, a shared lease and a leadership", "kinds", ["still leads: true", "released", "released"]],
  ["a lease of two sets of nodes", "previous", ["released"]],
  ["the leases of groups, of which each has a worker,", "groups", ["still held"]],
])("%s are kept while the event loop is blocked", async (_, what, said) => {
  const { code, lines } = await run(what, uniqueName(), 6_000).ended;
  expect([code, withoutOtherSets(lines)]).toEqual([0, said]);
});
