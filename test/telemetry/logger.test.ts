import { Writable } from "node:stream";
import { ConsoleLogger } from "@nestjs/common";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import winston from "winston";
import type { LocksOptions } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { caught } from "../safety/scripted-locks.js";

interface Line {
  readonly level: string;
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A pino logger of all levels, and the lines that it wrote. */
function logging() {
  const lines: Line[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      const { level, ...line } = JSON.parse(String(chunk));
      lines.push({ ...line, level: logger.levels.labels[level] });
      done();
    },
  });
  const logger = pino({ level: "debug", base: null }, stream);
  return { logger, lines };
}

const levelsOf = (lines: readonly Line[]) => lines.map(({ level, event }) => `${level} ${event}`);

describe("the logger option", () => {
  it("logs successes at debug, with the event's own fields", async () => {
    const world = new TestNodes(3);
    const { logger, lines } = logging();
    const locks = world.locks({ ttl: 1_000, logger });
    const lease = await world.run(locks.acquire("a"));
    await world.clock.advance(600);
    await lease.release();
    expect(levelsOf(lines)).toEqual(["debug acquiring", "debug acquired", "debug renewed", "debug released"]);
    expect(lines[1]).toMatchObject({
      msg: "holdfast: acquired",
      resources: ["a"],
      ttl: 1_000,
      attempt: 1,
      votes: { granted: 2, denied: 0, failed: [] },
    });
    expect(new Set(lines.map(({ acquisition }) => acquisition)).size).toBe(1);
    await locks.close();
  });

  it("logs contention and abandoned waits at info, and a missing quorum as an error", async () => {
    const world = new TestNodes(3);
    const { logger, lines } = logging();
    const other = world.locks({ owner: "other" });
    await world.run(other.acquire("a"));
    const locks = world.locks({ logger, nodeTimeout: 100 });
    const controller = new AbortController();
    const aborted = caught(locks.acquire("a", { signal: controller.signal }));
    controller.abort(new Error("enough"));
    await aborted;
    await locks.tryAcquire("a");
    await world.run(caught(locks.acquire("a", { wait: 200 })));
    for (const node of world.nodes) node.hang();
    await world.run(caught(locks.acquire("b", { wait: 0 })));
    await world.run(caught(locks.acquire("b", { wait: 150 })));
    const failures = lines.filter(({ event }) => event === "failed");
    expect(failures.map(({ level }) => level)).toEqual(["info", "info", "info", "error", "error"]);
    expect(failures.map(({ err }) => (err as { message: string }).message.slice(0, 20))).toMatchObject([
      "enough",
      expect.stringMatching(/^"a" is held by/),
      expect.stringMatching(/^could not acquire/),
      expect.stringMatching(/^could not acquire/),
      expect.stringMatching(/^could not acquire/),
    ]);
    await world.run(Promise.all([locks.close({ timeout: 10 }), other.close({ timeout: 10 })]));
  });

  it("warns of a lost quorum and of failed nodes by name, and logs a lost lease as an error", async () => {
    const world = new TestNodes(3);
    const { logger, lines } = logging();
    const locks = world.locks({ ttl: 1_000, nodeTimeout: 100, logger });
    await world.run(locks.acquire("a"));
    for (const node of world.nodes) node.hang();
    await world.clock.advance(2_000);
    const levels = new Set(levelsOf(lines));
    expect([...levels].filter((line) => !line.startsWith("debug"))).toEqual(
      expect.arrayContaining(["warn quorumLost", "warn nodeDown", "error expired"]),
    );
    const lost = lines.find(({ event }) => event === "quorumLost");
    expect(lost?.votes).toMatchObject({ failed: ["node-0: timeout", "node-1: timeout", "node-2: timeout"] });
    for (const node of world.nodes) node.wake();
    await world.clock.advance(1);
    expect(levelsOf(lines)).toContain("info nodeUp");
    await world.run(locks.close({ timeout: 10 }));
  });

  it("does not harm locks when it fails, like any listener", async () => {
    const world = new TestNodes(3);
    const errors: string[] = [];
    const fail = () => {
      throw new Error("the disk is full");
    };
    const locks = world.locks({
      logger: { debug: fail, info: fail, warn: fail, error: fail },
      onListenerError: (error, event) => errors.push(`${event}: ${(error as Error).message}`),
    });
    await (await world.run(locks.acquire("a"))).release();
    expect(errors).toEqual(["acquiring", "acquired", "released"].map((name) => `${name}: the disk is full`));
    await locks.close();
  });

  it("is refused when it cannot log", () => {
    const world = new TestNodes(1);
    for (const logger of [console.log, {}, { debug() {}, info() {}, warn() {} }, "pino", 5]) {
      expect(() => world.locks({ logger } as unknown as Partial<LocksOptions>)).toThrow(
        /logger.*debug\(\), info\(\), warn\(\), error\(\)/,
      );
    }
  });
});

describe("the logger option takes, as they are,", () => {
  /** Acquires and releases with this logger. */
  async function use(logger: LocksOptions["logger"]) {
    const world = new TestNodes(1);
    const locks = world.locks({ ...(logger === undefined ? {} : { logger }) });
    await world.run(locks.using("a", () => {}));
    await locks.close();
  }

  it("a winston logger, and a child of one, with the message where winston expects it", async () => {
    const lines: Record<string, unknown>[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const transports = [new winston.transports.Stream({ stream })];
    const logger = winston.createLogger({ level: "debug", format: winston.format.json(), transports });
    await use(logger);
    await use(logger.child({ service: "payouts" }));
    const texts = ["holdfast: acquiring", "holdfast: acquired", "holdfast: released"];
    expect(lines.map(({ message }) => message)).toEqual([...texts, ...texts]);
    expect(lines[1]).toMatchObject({ level: "debug", event: "acquired", resources: ["a"] });
    expect(lines[4]).toMatchObject({ service: "payouts" });
  });

  it("NestJS's logger, which has log() in place of info()", async () => {
    const lines: Record<string, unknown>[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      // The reporter of the tests writes there too.
      if (String(chunk).startsWith("{")) lines.push(JSON.parse(String(chunk)));
      return true;
    });
    await use(new ConsoleLogger({ json: true }));
    write.mockRestore();
    // Up to version 11, NestJS writes the fields as a message of their own.
    expect(lines.map(({ message }) => message).filter((message) => typeof message === "string")).toEqual([
      "holdfast: acquiring",
      "holdfast: acquired",
      "holdfast: released",
    ]);
  });

  it.each(["winston's kind", "NestJS's kind"])(
    "a logger of %s, with the error as plain data",
    async (kind) => {
      const lines: { event: string; err?: object }[] = [];
      const write = (_: string, fields: unknown) => void lines.push(JSON.parse(JSON.stringify(fields)));
      const methods = { debug: write, warn: write, error: write, log: write };
      const logger = kind === "NestJS's kind" ? methods : { ...methods, info: write, transports: [] };
      const world = new TestNodes(3);
      const locks = world.locks({ logger: logger as never, nodeTimeout: 100 });
      for (const node of world.nodes) node.hang();
      await world.run(caught(locks.acquire("a", { wait: 1_000 })));
      const reason = new Error("enough", { cause: "no time" });
      const controller = new AbortController();
      const aborted = caught(locks.acquire("b", { signal: controller.signal }));
      controller.abort(reason);
      await aborted;
      const failed = lines.filter(({ event }) => event === "failed").map(({ err }) => err);
      expect(failed).toMatchObject([
        {
          name: "AcquireTimeoutError",
          code: "ACQUIRE_TIMEOUT",
          message: expect.stringMatching(/^could not acquire "a" within 1 s/),
          stack: expect.stringMatching(/^AcquireTimeoutError: /),
          cause: { name: "QuorumUnavailableError", code: "QUORUM_UNAVAILABLE", stack: expect.any(String) },
        },
        { name: "Error", message: "enough", cause: "no time" },
      ]);
      await world.run(locks.close({ timeout: 10 }));
    },
  );

  it("a logger of NestJS's kind, with a bounded part of a cyclic chain of causes", async () => {
    const errs: unknown[] = [];
    const write = (_: string, { err }: { err?: unknown }) => void (err && errs.push(JSON.stringify(err)));
    const world = new TestNodes(1);
    const locks = world.locks({ logger: { debug: write, warn: write, error: write, log: write } as never });
    const reason: Error = new Error("round");
    reason.cause = reason;
    const controller = new AbortController();
    const aborted = caught(locks.acquire("b", { signal: controller.signal }));
    controller.abort(reason);
    await aborted;
    expect(errs).toHaveLength(1);
    await locks.close();
  });

  it("nothing that lacks a method", () => {
    const world = new TestNodes(1);
    const warn = () => {};
    for (const logger of [{ warn }, { log: warn, warn }, { debug: warn, info: warn, warn }]) {
      expect(() => world.locks({ logger: logger as never })).toThrow(/logger must be an object with/);
    }
  });
});
