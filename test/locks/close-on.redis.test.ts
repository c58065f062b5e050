import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { sharedServers } from "../support/shared-servers.js";
import { type Child, runFixture } from "./child.js";
import { countKeys, ownServers, uniqueName } from "./support.js";

const shared = sharedServers().slice(0, 3);
const portsOf = (servers: readonly { port: number }[]) => servers.map(({ port }) => String(port));

/** Starts a process that holds a lock, and waits until it does. */
async function holding(
  variant: string,
  prefix: string,
  servers: readonly { port: number }[] = shared,
): Promise<Child> {
  const child = runFixture("close-on", [variant, prefix, ...portsOf(servers)]);
  await child.said("ready");
  return child;
}

describe("closeOn", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "releases what is held, and then the process ends by %s",
    async (signal) => {
      const prefix = uniqueName();
      const child = await holding("default", prefix);
      expect(await countKeys(shared, `${prefix}a`)).toBe(3);
      child.kill(signal);
      expect(await child.ended).toMatchObject({
        code: null,
        signal,
        lines: ["ready", "aborted a", "closed a"],
        stderr: "",
      });
      expect(await countKeys(shared, `${prefix}a`)).toBe(0);
    },
  );

  it.each(["handler", "once"])("leaves the decision to a listener of the program: %s", async (variant) => {
    const prefix = uniqueName();
    const child = await holding(variant, prefix);
    child.kill("SIGTERM");
    await child.said("closed a");
    await child.said(variant === "once" ? "handled" : "handled, 2 listeners");
    expect(await countKeys(shared, `${prefix}a`)).toBe(0);
    // The process is alive, and nothing of closeOn is left in it.
    child.tell("end");
    const { code, lines } = await child.ended;
    expect(lines.at(-1)).toBe(variant === "once" ? "listeners 0,0" : "listeners 1,0");
    expect(code).toBe(7);
  });

  it.each(["two", "copies"])("lets the process end when all managers have closed: %s", async (variant) => {
    const prefix = uniqueName();
    const child = await holding(variant, prefix);
    expect(await countKeys(shared, prefix)).toBeGreaterThanOrEqual(6);
    child.kill("SIGTERM");
    const { signal, lines } = await child.ended;
    expect(signal).toBe("SIGTERM");
    expect(lines).toEqual(expect.arrayContaining(["closed a", "closed b"]));
    expect(await countKeys(shared, `${prefix}a`)).toBe(0);
    expect(await countKeys(shared, `${prefix}b`)).toBe(0);
  });

  it("does not take the listeners of signal-exit for a decision of the program", async () => {
    const child = await holding("exit-hook", uniqueName());
    child.kill("SIGTERM");
    const { signal, lines } = await child.ended;
    expect(signal).toBe("SIGTERM");
    expect(lines.slice(-2)).toEqual(["closed a", "exit hook null SIGTERM"]);
  });

  it("listens no more once the program has closed the locks", async () => {
    const child = await holding("closed", uniqueName());
    child.kill("SIGTERM");
    const { signal, lines } = await child.ended;
    expect(signal).toBe("SIGTERM");
    expect(lines.filter((line) => line !== "closed a")).toEqual([
      "listeners 1,1",
      "aborted a",
      "listeners 0,0",
      "ready",
    ]);
  });

  it("lets a second signal end the process at once, before the locks have closed", async () => {
    const servers = await ownServers(3);
    const child = await holding("default", uniqueName(), servers);
    await Promise.all(servers.map((server) => server.suspend()));
    child.kill("SIGTERM");
    await child.said("aborted a");
    // Signals within 50 ms count as one. One of these comes later.
    const again = setInterval(() => child.kill("SIGINT"), 20);
    expect(await child.ended).toMatchObject({ signal: "SIGINT", lines: ["ready", "aborted a"] });
    clearInterval(again);
    for (const server of servers) server.resume();
  });

  it("takes two signals within milliseconds, as npm sends them for one Ctrl-C, for one", async () => {
    const prefix = uniqueName();
    const { signal, lines } = await runFixture("close-on", ["twice", prefix, ...portsOf(shared)]).ended;
    expect(signal).toBe("SIGINT");
    expect(lines).toEqual(["ready", "aborted a", "closed a"]);
    expect(await countKeys(shared, `${prefix}a`)).toBe(0);
  });

  it("ends the process within a bounded time when no node answers", { timeout: 30_000 }, async () => {
    const servers = await ownServers(3);
    const child = await holding("default", uniqueName(), servers);
    await Promise.all(servers.map((server) => server.suspend()));
    child.kill("SIGTERM");
    expect(await child.ended).toMatchObject({ code: null, signal: "SIGTERM" });
    for (const server of servers) server.resume();
  });

  it("can be done by hand in three lines", async () => {
    const prefix = uniqueName();
    const child = await holding("by-hand", prefix);
    child.kill("SIGTERM");
    expect(await child.ended).toMatchObject({ code: null, signal: "SIGTERM", stderr: "" });
    expect(await countKeys(shared, `${prefix}a`)).toBe(0);
  });

  /** Whether this machine lets a process have process numbers of its own, in which it is process 1. */
  const canBeFirst = spawnSync("unshare", ["-Urpf", "true"]).status === 0;
  it.each(canBeFirst ? ["unshare"] : [])(
    "ends process 1 of a container too, which a signal's default would not end: %s",
    async (command) => {
      const path = fileURLToPath(new URL("./fixtures/close-on.mjs", import.meta.url));
      const args = ["-Urpf", process.execPath, path, "twice", uniqueName(), ...portsOf(shared)];
      const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
      expect(stdout.trim().split("\n")).toEqual(["ready", "aborted a", "closed a"]);
      expect(status).toBe(128 + 2);
    },
  );

  it("is refused in a worker thread, which gets no signals", async () => {
    const { lines, code } = await runFixture("close-on-worker", []).ended;
    expect(lines).toEqual([
      "INVALID_OPTION closeOn must be left out in a worker thread, because signals reach only the main thread: " +
        "call locks.close() when the worker ends; got an array of 1",
    ]);
    expect(code).toBe(0);
  });

  it.each([
    [
      "SIGTERM",
      /^closeOn must be a list of signals: SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR2; got "SIGTERM"$/,
    ],
    [["SIGTERM", "TERM"], /^closeOn\[1\] must be one of the signals SIGTERM, .*; got "TERM"$/],
    [["SIGKILL"], /^closeOn\[0\] must be .*; got "SIGKILL"$/],
    [[15], /^closeOn\[0\] must be .*; got 15$/],
  ])("refuses what is no list of signals that end a process: %j", (closeOn, message) => {
    const before = process.listenerCount("SIGTERM");
    expect(() => createLocks({ nodes: [memoryNode()], closeOn: closeOn as ["SIGTERM"] })).toThrow(message);
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });
});
