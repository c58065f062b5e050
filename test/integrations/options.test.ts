import { expect, onTestFinished, test } from "vitest";
import { type JobLockOptions, underLease } from "../../src/bullmq.js";
import { lockRequest } from "../../src/express.js";
import { createLocks, memoryNode } from "../../src/index.js";
import { withLock } from "../../src/next.js";

const invalid = (option: string) => expect.objectContaining({ code: "INVALID_OPTION", option });

function locksOnMemory() {
  const locks = createLocks({ nodes: [memoryNode()] });
  onTestFinished(() => locks.close());
  return locks;
}

test.each([
  ["key", undefined],
  ["key", ""],
  ["key", 7],
  ["resources", []],
  ["resources", ["a", "a"]],
])("a key that is no resource is refused at set-up: %s, %o", (option, key) => {
  const given = { locks: locksOnMemory(), key: key as string };
  expect(() => lockRequest(given)).toThrow(invalid(option));
  expect(() => underLease(given, () => 1)).toThrow(invalid(option));
});

test.each([null, undefined, 1, "locks", []])("options that are no object are refused: %o", (options) => {
  expect(() => lockRequest(options as never)).toThrow(invalid("options"));
  expect(() => underLease(options as never, () => 1)).toThrow(invalid("options"));
});

test("an unknown option is refused with a list of what the function knows", () => {
  const given = { locks: locksOnMemory(), key: "a", until: 1 };
  const known = (where: string, own: string) =>
    new RegExp(`^until must be left out: ${where} knows ${own}, ttl, wait,`);
  expect(() => lockRequest(given)).toThrow(known("lockRequest", "locks, key, status"));
  expect(() => withLock(given, async () => new Response())).toThrow(known("withLock", "locks, key, status"));
  expect(() => underLease(given, () => 1)).toThrow(known("underLease", "locks, key, contended, delay"));
  const withSignal = { ...given, signal: AbortSignal.timeout(1) };
  expect(() => lockRequest(withSignal)).toThrow(/^signal must be left out: the framework gives it/);
});

test("what is no handler and no processor is refused", () => {
  const given = { locks: locksOnMemory(), key: "a" };
  expect(() => withLock(given, undefined as never)).toThrow(invalid("handler"));
  expect(() => underLease(given, "file.js" as never)).toThrow(invalid("processor"));
});

test.each([
  ["contended", { contended: "wait" }],
  ["delay", { delay: 0 }],
  ["delay", { delay: Number.POSITIVE_INFINITY }],
  ["rejectOnLoss", { rejectOnLoss: false }],
  ["ttl", { ttl: "1s" }],
])("options of a job are refused: %s in %o", (option, wrong) => {
  const given = { locks: locksOnMemory(), key: "a", ...wrong } as JobLockOptions<unknown, unknown, string>;
  expect(() => underLease(given, () => 1)).toThrow(invalid(option));
});

test("an undefined option has its default", async () => {
  const locks = locksOnMemory();
  const given = { locks, key: "a", wait: undefined, status: undefined, maxHold: undefined };
  const POST = withLock(given, async () => new Response("done"));
  const lease = await locks.acquire("a");
  expect((await POST(new Request("http://localhost/"), undefined)).status).toBe(409);
  await lease.release();
});
