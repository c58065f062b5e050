import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { placeOfCall, UnclosedLocks } from "../../src/process/unclosed-locks.js";
import { noteOwnSocket } from "../../src/support/own-sockets.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";

const own = {};
noteOwnSocket(own);
const foreign = {};

/** Locks of a process in which `use` keeps the event loop alive, at each check. */
function unclosedIn(use: { handles: readonly object[]; others: number } | null) {
  const clock = new VirtualClock();
  return { clock, locks: new UnclosedLocks(clock, () => use) };
}

describe("locks that nobody has closed", () => {
  const warnings: (Error & { code?: string })[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  beforeEach(() => void process.on("warning", note));
  afterEach(() => {
    process.off("warning", note);
    warnings.length = 0;
  });

  it("are warned of once, with the places of all, when only their connections keep the process alive", async () => {
    const { clock, locks } = unclosedIn({ handles: [own, own], others: 0 });
    locks.add({ inUse: [] }, "/app/jobs.mjs:3:7");
    locks.add({ inUse: [] }, "/app/more.mjs:9:1");
    await clock.advance(9_999);
    expect(warnings).toEqual([]);
    await clock.advance(60_000);
    await settle();
    expect(warnings).toMatchObject([{ name: "HoldfastWarning", code: "LOCKS_NOT_CLOSED" }]);
    expect(warnings[0]?.message).toContain("They were created at /app/jobs.mjs:3:7, at /app/more.mjs:9:1");
    expect(clock.pending).toBe(0);
  });

  it.each([
    ["another handle keeps it alive, such as a server's", { handles: [own, foreign], others: 0 }],
    ["a timer or a request keeps it alive", { handles: [own], others: 1 }],
    ["they have no connection", { handles: [], others: 0 }],
    ["the runtime does not tell", null],
  ])("are not warned of where %s", async (_, use) => {
    const { clock, locks } = unclosedIn(use);
    locks.add({ inUse: [] }, "here");
    await clock.advance(60_000);
    await settle();
    expect(warnings).toEqual([]);
  });

  it("are not warned of while one of them holds a lock or waits for one", async () => {
    const { clock, locks } = unclosedIn({ handles: [own], others: 0 });
    const inUse: unknown[] = ["a lease"];
    locks.add({ inUse }, "here");
    locks.add({ inUse: [] }, "there");
    await clock.advance(60_000);
    await settle();
    expect(warnings).toEqual([]);
    inUse.pop();
    await clock.advance(10_000);
    await settle();
    expect(warnings).toHaveLength(1);
  });

  it("are not warned of once they are closed, and leave no timer", async () => {
    const { clock, locks } = unclosedIn({ handles: [own], others: 0 });
    const close = [locks.add({ inUse: [] }, "here"), locks.add({ inUse: [] }, "there")];
    await clock.advance(6_000);
    for (const one of close) one();
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    await settle();
    expect(warnings).toEqual([]);
  });
});

it("the place of a call is its line in the program", () => {
  const callee = () => placeOfCall(callee);
  expect(callee()).toMatch(/unclosed-locks\.test\.ts:\d+:\d+$/);
});
