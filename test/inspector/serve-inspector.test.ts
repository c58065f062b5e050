import { afterEach, describe, expect, test, vi } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { createLocks, type Locks, memoryNode } from "../../src/index.js";
import { type Frame, type LockView, parseFrame } from "../../src/inspector/feed/frames.js";
import { type Inspector, serveInspector } from "../../src/inspector.js";
import { Redlock } from "../../src/redlock.js";
import { Reader } from "./server/reader.js";
import { get } from "./server/request.js";

// Usually takes less than a second; more on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const nodesOf = () => [memoryNode(), memoryNode(), memoryNode()];

function locksOn(nodes: readonly LockNode[], owner: string, ttl = 10_000): Locks {
  const locks = createLocks({ nodes, owner, ttl });
  open.push(locks);
  return locks;
}

async function inspect(...args: Parameters<typeof serveInspector>): Promise<Inspector> {
  const [locks, options] = args;
  const inspector = await serveInspector(locks, { port: 0, ...options });
  open.push(inspector);
  return inspector;
}

const locksIn = (frame: Frame): readonly LockView[] =>
  frame.kind === "locks" ? frame.locks : frame.kind === "steps" ? frame.steps.map(({ lock }) => lock) : [];

/** Whether the frame reports this resource in this state. */
const reports = (resource: string, state: RegExp) => (frame: Frame) =>
  locksIn(frame).some((lock) => lock.resources.includes(resource) && state.test(lock.state));

describe("an inspector", () => {
  test("shows the locks of several managers separately, and their changes", async () => {
    const nodes = nodesOf();
    const [ann, ben] = [locksOn(nodes, "ann"), locksOn(nodes, "ben")];
    const { port, url } = await inspect([ann, ben, ann]);
    expect(url).toBe(`http://127.0.0.1:${port}/`);
    const lease = await ann.acquire("payouts:42");
    const reader = await Reader.open(port);
    await reader.receives("the lease", reports("payouts:42", /^held$/));
    const beats = reader.frames.filter(({ kind }) => kind === "beat");
    expect(beats).toMatchObject([{ owner: "ann" }, { owner: "ben" }]);
    await lease.release();
    await reader.receives("the release", reports("payouts:42", /^idle$/));
    // The page accepts every frame.
    for (const frame of reader.frames) expect(parseFrame(frame)).toEqual(frame);
    await ann.close();
    await reader.receives("that ann has closed", ({ kind }) => kind === "bye");
    // The other locks continue, and so does the page.
    await ben.acquire("reports");
    await reader.receives("ben's lease", reports("reports", /^held$/));
    const late = await Reader.open(port);
    await late.receives("that ann has closed", ({ kind }) => kind === "bye");
  });

  test("remembers the steps of a lock from before the first reader", async () => {
    const locks = locksOn(nodesOf(), "ann");
    const { port } = await inspect(locks);
    await locks.using("payouts:42", async () => undefined);
    const reader = await Reader.open(port);
    await reader.receives("the lock", reports("payouts:42", /^idle$/));
    const [{ id } = { id: "" }] = reader.frames.flatMap(locksIn);
    const steps = JSON.parse((await get(port, `/history?lock=${id}`)).text) as { to: string }[];
    expect(steps.map(({ to }) => to)).toEqual(["acquiring.asking", "held", "releasing", "idle"]);
  });

  test("accepts the locks of a Redlock", async () => {
    const redlock = new Redlock(nodesOf());
    open.push(redlock.locks);
    const { port } = await inspect(redlock.locks);
    const lock = await redlock.acquire(["payouts:42"], 5_000);
    const reader = await Reader.open(port);
    await reader.receives("the lock", reports("payouts:42", /^held$/));
    await lock.release();
  });

  test("serves metrics in the format of Prometheus", async () => {
    const locks = locksOn(nodesOf(), "ann");
    const { port } = await inspect(locks);
    expect((await get(port, "/metrics")).status).toBe(200);
    await locks.using("payouts:42", async () => undefined);
    const { text, headers } = await get(port, "/metrics");
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text).toMatch(/^# TYPE holdfast_lock_\S+ histogram$/m);
  });

  test("closes at the end of a block, and closing twice does no harm", async () => {
    const locks = locksOn(nodesOf(), "ann");
    const inspector = await serveInspector(locks, { port: 0 });
    await Promise.all([inspector.close(), inspector.close(), inspector[Symbol.asyncDispose]()]);
    await expect(get(inspector.port, "/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await locks.using("payouts:42", async () => undefined);
  });
});

test("no token of a lock leaves the process", async () => {
  const tokens = new Set<string>();
  const nodes = nodesOf().map((node) => {
    const execute = node.execute.bind(node);
    // In any command, anywhere in its arguments.
    node.execute = (batch) => {
      for (const [token] of JSON.stringify(batch.requests.map(({ command }) => command)).matchAll(
        /[^"]+~[\w-]{22}/g,
      ))
        tokens.add(token);
      execute(batch);
    };
    return node;
  });
  const [ann, ben] = [locksOn(nodes, "ann", 400), locksOn(nodes, "ben", 400)];
  const { port } = await inspect([ann, ben]);
  const reader = await Reader.open(port);
  const lease = await ann.acquire("payouts:42", { fence: true });
  const waiting = ben.acquire("payouts:42", { retry: { count: 3, delay: 20 } }).catch(() => undefined);
  await reader.receives("who is denied, and by whom", (frame) => JSON.stringify(frame).includes('"denied"'));
  await lease.renew();
  const note = lease.handover();
  const adopted = await ben.adopt(note);
  for (const node of nodes) node.hang();
  await expect.poll(() => adopted.signal.aborted).toBe(true);
  for (const node of nodes) node.wake();
  await waiting;
  await reader.receives("the loss", reports("payouts:42", /^expired$/));
  const ids = new Set(reader.frames.flatMap(locksIn).map(({ id }) => id));
  const asked = await Promise.all(
    [...[...ids].map((id) => `/history?lock=${id}`), "/", "/metrics"].map((path) => get(port, path)),
  );
  const sent = reader.text + asked.map(({ text, headers }) => text + JSON.stringify(headers)).join();
  expect(tokens.size).toBeGreaterThan(2);
  for (const token of [...tokens, note]) {
    const [, random = token] = token.split("~");
    expect(sent).not.toContain(random);
  }
});

describe("refuses, before anything is opened,", () => {
  test.each([
    ["no locks at all", []],
    ["what is no locks", {} as Locks],
    ["a list with something else in it", [undefined as unknown as Locks]],
  ])("%s", async (_, locks) => {
    await expect(serveInspector(locks, { port: 0 })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      option: "locks",
    });
  });

  test.each([
    ["port", { port: 65_536 }],
    ["port", { port: -1 }],
    ["port", { port: 1.5 }],
    ["port", { port: "80" as unknown as number }],
    ["host", { host: "" }],
    ["host", { host: 7 as unknown as string }],
    ["title", { title: "x".repeat(201) }],
    ["token", { token: "short" }],
    ["token", { token: "with spaces in it, but long" }],
    ["token", { host: "0.0.0.0" }],
    ["token", { host: "::" }],
    ["token", { host: "192.0.2.1" }],
    ["token", { host: "example.org" }],
    ["hots", { hots: "0.0.0.0" } as object],
  ])("an invalid option: %s", async (option, options) => {
    const locks = locksOn(nodesOf(), "ann");
    await expect(serveInspector(locks, { port: 0, ...options })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      option,
    });
  });

  test("and repeats no token", async () => {
    const locks = locksOn(nodesOf(), "ann");
    const error: unknown = await serveInspector(locks, { token: "nearly right" }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).toMatch(/got one of 12 characters$/);
    expect(JSON.stringify(error) + String(error)).not.toContain("nearly");
  });
});
