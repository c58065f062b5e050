import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, type TestContext, test } from "vitest";
import { startServer, waitUntil } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { end, type Holdfast, startHoldfast } from "./support/holdfast.js";
import { isGone, watchdogOf } from "./support/processes.js";
import { createReporter } from "./support/reporter.js";

const ttl = 4_000;
const grace = 600;
const resource = "the-lock";

/**
 * Servers, and a command that holdfast runs over them: separate for each test, so that tests can wait concurrently.
 */
async function startServers({ onTestFinished }: TestContext) {
  const servers = await startAll(Array.from({ length: 3 }, () => startServer));
  onTestFinished(() => stopAll(servers));
  const reporter = await createReporter();
  onTestFinished(() => reporter.remove());
  return {
    servers,
    reporter,
    suspendMajority: () => Promise.all(servers.slice(0, 2).map((server) => server.suspend())),

    /** Starts holdfast and waits until its command runs. */
    async runs(command: readonly string[], ...options: string[]): Promise<Holdfast> {
      const nodes = servers.flatMap(({ url }) => ["--node", url]);
      const timing = ["--ttl", `${ttl}ms`, "--grace", `${grace}ms`];
      const args = [
        "run",
        "--resource",
        resource,
        "--json",
        ...timing,
        ...nodes,
        ...options,
        "--",
        ...command,
      ];
      const running = await startHoldfast(args);
      onTestFinished(() => end(running));
      await running.logs("started");
      await reporter.works();
      return running;
    },

    /** The command has ended, and wrote its last line before `time`. */
    async endedBefore(time: number): Promise<void> {
      await reporter.isEnded(Math.max(0, time - Date.now()) + 2_000);
      expect(reporter.lastAlive).toBeLessThan(time);
    },
  };
}

describe("a lock that is lost", () => {
  test("without a majority the whole group gets SIGTERM, and after the grace SIGKILL, before the validity ends", async (context) => {
    const { suspendMajority, runs, endedBefore, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(true));
    await running.logs("renewed");
    await suspendMajority();
    const { code, stderr } = await running.ended;
    expect(code).toBe(76);
    const end = running.validUntil;
    await endedBefore(end);
    const [term, ...more] = reporter.terms;
    expect(term).toBeLessThanOrEqual(end - grace);
    // Exactly one SIGTERM: many programs take a second one as an order to end at once.
    expect(more).toEqual([]);
    expect(reporter.lastAlive - Number(term)).toBeGreaterThan(grace / 2);
    expect(stderr).toMatch(/"event":"lost".*no renewal succeeded/);
  });

  test("a command that obeys SIGTERM ends by itself, and the exit code still reports the loss", async (context) => {
    const { suspendMajority, runs, endedBefore, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(false, "trap 'exit 0' TERM;"));
    await suspendMajority();
    expect(await running.ended).toMatchObject({ code: 76 });
    await endedBefore(running.validUntil - grace);
  });

  test("a short outage does not lose the lock", async (context) => {
    const { servers, suspendMajority, runs, reporter } = await startServers(context);
    // Long enough for a busy machine to renew the lock once the servers continue.
    const running = await runs(reporter.command(false), "--ttl", "16s");
    await running.logs("renewed", 30_000);
    await suspendMajority();
    await running.logs("quorumLost", 30_000);
    for (const server of servers) server.resume();
    const before = running.events.length;
    await waitUntil("it is renewed again", 20_000, () =>
      running.events.slice(before).some(({ event }) => event === "renewed"),
    );
    running.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  test.for(["DEL", "SET"])("a lock that was deleted or taken (%s) leaves no grace", async (verb, context) => {
    const { servers, runs, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(true));
    const value = verb === "SET" ? ["somebody-else"] : [];
    await Promise.all(servers.map((server) => server.call(verb as "SET", resource, ...value)));
    const { code } = await running.ended;
    expect(code).toBe(76);
    await reporter.isEnded(1_000);
    const expired = running.events.find(({ event }) => event === "expired");
    expect(expired?.reason).toBe(verb === "SET" ? "taken" : "missing");
    expect(reporter.lastAlive).toBeLessThan(Number(expired?.time) + grace);
  });

  test("--max-hold ends the command before the lock was held for that long", async (context) => {
    const { runs, endedBefore, reporter } = await startServers(context);
    const maxHold = 5_000;
    const running = await runs(reporter.grandchild(true), "--max-hold", `${maxHold}ms`);
    const { code, stderr } = await running.ended;
    expect(code).toBe(76);
    expect(stderr).toMatch(/--max-hold of 5 s/);
    const acquired = Number(running.events.find(({ event }) => event === "acquired")?.time);
    await endedBefore(acquired + maxHold);
    // Renewed beyond its first ttl, and released at once after the end.
    expect(reporter.lastAlive).toBeGreaterThan(acquired + ttl);
    expect(running.events.map(({ event }) => event)).toContain("renewed");
    expect(running.events.map(({ event }) => event)).toContain("released");
  });
});

describe("a command whose holdfast is gone", () => {
  test.for<[string, string[]]>([
    ["its own group", []],
    ["the foreground", ["--foreground"]],
  ])(
    "holdfast is killed: the command in %s is ended before the validity ends, grandchildren too",
    async ([, options], context) => {
      const { runs, endedBefore, reporter } = await startServers(context);
      const running = await runs(reporter.grandchild(true), ...options);
      const end = running.validUntil;
      running.kill("SIGKILL");
      await endedBefore(end);
      expect(reporter.terms).toHaveLength(1);
      await running.ended;
      expect(running.stderr).toContain('"event":"orphaned"');
    },
  );

  test("holdfast is stopped: the watchdog ends the group in time, with its grace", async (context) => {
    const { runs, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(true));
    await running.logs("renewed");
    running.kill("SIGSTOP");
    await reporter.isEnded(ttl + 2_000);
    running.kill("SIGCONT");
    expect(await running.ended).toMatchObject({ code: 76 });
    const end = running.validUntil;
    expect(reporter.lastAlive).toBeLessThan(end);
    expect(reporter.terms).toHaveLength(1);
    expect(reporter.terms[0]).toBeLessThanOrEqual(end - grace);
  });

  test("a grandchild that left the group and the session is ended as well", async (context) => {
    const { runs, endedBefore, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(true, "setsid"));
    const end = running.validUntil;
    running.kill("SIGKILL");
    await endedBefore(end);
  });

  test("nothing is left running after an ordinary end", async (context) => {
    const { servers, runs, reporter } = await startServers(context);
    const running = await runs(reporter.command(false));
    const watchdog = Number(watchdogOf(running.pid));
    running.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 0 });
    await reporter.isEnded(1_000);
    expect(isGone(watchdog)).toBe(true);
    const keys = await Promise.all(servers.map((server) => server.call("EXISTS", resource)));
    expect(keys).toEqual([0, 0, 0]);
  });
});

describe("a watchdog", () => {
  test("a watchdog that dies is replaced, and the new one guards", async (context) => {
    const { runs, endedBefore, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(true));
    const first = watchdogOf(running.pid);
    process.kill(Number(first), "SIGKILL");
    await waitUntil("there is another watchdog", 5_000, () => {
      const now = watchdogOf(running.pid);
      return now !== undefined && now !== first;
    });
    // The watchdog knows the job once it has received the messages, which only a later renewal shows.
    const before = running.events.length;
    await waitUntil("a renewal comes after it", 5_000, () =>
      running.events.slice(before).some(({ event }) => event === "renewed"),
    );
    const end = running.validUntil;
    running.kill("SIGKILL");
    await endedBefore(end);
  });

  test("a watchdog that keeps dying ends the command, which would be unguarded", async (context) => {
    const { runs, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(true));
    for (let last: number | undefined; running.child.exitCode === null; ) {
      const watchdog = watchdogOf(running.pid);
      if (watchdog !== undefined && watchdog !== last) process.kill(watchdog, "SIGKILL");
      last = watchdog;
      if (running.stderr.includes('"event":"lost"')) break;
      await sleep(50);
    }
    expect(await running.ended).toMatchObject({ code: 70 });
    expect(running.stderr).toMatch(/the watchdog (ended 4 times|could not be started)/);
    await reporter.isEnded(1_000);
  });

  test("a stopped watchdog does not prevent the end of the command, and is not left behind", async (context) => {
    const { suspendMajority, runs, endedBefore, reporter } = await startServers(context);
    const running = await runs(reporter.grandchild(true));
    const watchdog = Number(watchdogOf(running.pid));
    process.kill(watchdog, "SIGSTOP");
    await suspendMajority();
    expect(await running.ended).toMatchObject({ code: 76 });
    await endedBefore(running.validUntil);
    expect(isGone(watchdog)).toBe(true);
  });
});
