import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Lock, Redlock } from "../../src/redlock.js";
import { runNode } from "../examples/program.js";
import { aborted } from "../support/aborted.js";
import { sharedServers } from "../support/shared-servers.js";

const [first, second] = sharedServers();
const opened: Redis[] = [];

function client(options: object = {}, server = first): Redis {
  const opening = new Redis(server!.port, "127.0.0.1", options);
  opened.push(opening);
  return opening;
}

const fresh = (name: string) => `${name}:${randomUUID()}`;

afterEach(() => {
  for (const one of opened.splice(0)) one.disconnect();
});

describe("using calls a subclass's own methods", () => {
  class Prefixed extends Redlock {
    readonly calls: string[] = [];

    // biome-ignore lint/suspicious/noExplicitAny: a subclass of a JavaScript program, which overrides one form.
    override acquire(resources: any, duration: number, more?: any): Promise<any> {
      this.calls.push("acquire");
      return super.acquire(
        resources.map((name: string) => `app:${name}`),
        duration,
        more,
      );
    }

    // biome-ignore lint/suspicious/noExplicitAny: as above.
    override extend(lock: any, duration: number, more?: any): Promise<any> {
      this.calls.push("extend");
      return super.extend(lock, duration, more);
    }

    // biome-ignore lint/suspicious/noExplicitAny: as above.
    override release(lock: any, more?: any): Promise<any> {
      this.calls.push("release");
      return super.release(lock, more);
    }
  }

  it("acquire, extend and release, as in redlock 5", async () => {
    const redis = client();
    const redlock = new Prefixed([redis], { automaticExtensionThreshold: 100 });
    const name = fresh("using");
    const held = await redlock.using([name], 400, async (signal) => {
      await vi.waitFor(() => expect(redlock.calls).toContain("extend"), 5_000);
      return [signal.aborted, await redis.exists(name), await redis.exists(`app:${name}`)];
    });
    expect(held).toEqual([false, 0, 1]);
    expect([redlock.calls[0], redlock.calls.at(-1)]).toEqual(["acquire", "release"]);
    expect(await redis.exists(`app:${name}`)).toBe(0);
  });

  it("aborts the signal at the lock's end when its extend fails, and settles with the routine's result", async () => {
    class Failing extends Prefixed {
      override extend(): Promise<never> {
        return Promise.reject(new Error("no extension today"));
      }
    }
    const redlock = new Failing([client()], { automaticExtensionThreshold: 100 });
    const error = await redlock.using([fresh("using")], 300, async (signal) => {
      await aborted(signal);
      return signal.error;
    });
    expect(error).toMatchObject({ message: "no extension today" });
  });

  it("acquireLock and releaseLock, as in node-redlock", async () => {
    class Own extends Redlock {
      override acquireLock(resource: string, ttl: number): Promise<Lock | null> {
        return super.acquireLock(`app:${resource}`, ttl);
      }
    }
    const redis = client();
    const name = fresh("using");
    const inside = await new Own([redis]).using(name, 1_000, async (lock) => [
      lock.resource,
      await redis.exists(`app:${name}`),
    ]);
    expect(inside).toEqual([`app:${name}`, 1]);
    expect(await redis.exists(`app:${name}`)).toBe(0);
  });

  it("no call of redlock 4 calls another, so a subclass adds its prefix once", async () => {
    class Own extends Redlock {
      override lock(resource: string, ttl: number) {
        return super.lock(`app:${resource}`, ttl);
      }
      override lockWithOptions(resource: string, ttl: number) {
        return super.lockWithOptions(`app:${resource}`, ttl);
      }
    }
    const unlock = vi.spyOn(Own.prototype, "unlock");
    const name = fresh("lock");
    const lock = await new Own([client()]).lock(name, 1_000);
    expect(lock.resource).toEqual([`app:${name}`]);
    await lock.release();
    expect(unlock).toHaveBeenCalledTimes(1);
  });
});

describe("a wrapped lock", () => {
  const acquires: [string, (redlock: Redlock, name: string) => Promise<object>][] = [
    ["redlock 5", (redlock, name) => redlock.acquire([name], 5_000)],
    ["redlock 4", (redlock, name) => redlock.lock(name, 5_000)],
    ["node-redlock", async (redlock, name) => (await redlock.acquireLock(name, 5_000))!],
  ];
  const wraps: [string, (lock: object) => object][] = [
    ["Object.create", (lock) => Object.create(lock)],
    ["a Proxy", (lock) => new Proxy(lock, {})],
  ];
  const cases = acquires.flatMap(([made, acquire]) =>
    wraps.map(([how, wrap]) => ({ made, how, acquire, wrap })),
  );

  it.each(cases)("of $made in $how is extended and released", async ({ acquire, wrap }) => {
    const redis = client();
    const redlock = new Redlock([redis]);
    const name = fresh("wrapped");
    const wrapped = wrap(await acquire(redlock, name)) as Lock;
    expect(wrapped).toBeInstanceOf(Redlock.Lock);
    expect(wrapped.redlock).toBe(redlock);
    expect(wrapped.expiration).toBeGreaterThan(Date.now());
    expect(wrapped.attempts).toBeDefined();
    const extended = await wrapped.extend(9_000);
    expect(await redis.pttl(name)).toBeGreaterThan(5_000);
    await extended.unlock();
    expect(await redis.exists(name)).toBe(0);
  });
});

describe("databases and key prefixes", () => {
  it("may differ on different servers", async () => {
    const [one, other] = [client({ keyPrefix: "here:" }), client({ db: 1 }, second)];
    const redlock = new Redlock([one, other], { quarantine: 0 });
    const name = fresh("db");
    const lock = await redlock.acquire([name], 5_000);
    expect([await one.exists(name), await other.exists(name)]).toEqual([1, 1]);
    await lock.release();
    expect([await one.exists(name), await other.exists(name)]).toEqual([0, 0]);
  });

  it("do not give one server two votes", async () => {
    const redlock = new Redlock([client(), client({ db: 1 })], { retryCount: 0 });
    await expect(redlock.acquire([fresh("db")], 5_000)).rejects.toMatchObject({ code: "DUPLICATE_NODE" });
  });
});

describe("a key of another type", () => {
  async function typed(
    acquire: (redlock: Redlock, name: string) => Promise<Lock>,
    event: "error" | "clientError",
  ) {
    const redis = client();
    const redlock = new Redlock([redis], { retryCount: 0 });
    const name = fresh("type");
    const messages: string[] = [];
    redlock.on(event, (error) =>
      messages.push(error.message.includes("WRONGTYPE") ? "WRONGTYPE" : error.name),
    );
    await redis.rpush(name, 1);
    await acquire(redlock, name).catch(() => {});
    const refused = messages.splice(0);
    await redis.del(name);
    const lock = await acquire(redlock, name);
    await redis.del(name);
    await redis.rpush(name, 1);
    await lock.extend(5_000).catch(() => {});
    await lock.release().catch(() => {});
    await redis.del(name);
    return { refused, after: messages };
  }

  it("is a clientError of every call in redlock 4", async () => {
    const lock = async (redlock: Redlock, name: string) =>
      (await redlock.lock(name, 5_000)) as unknown as Lock;
    expect(await typed(lock, "clientError")).toEqual({
      refused: ["WRONGTYPE"],
      after: ["WRONGTYPE", "WRONGTYPE"],
    });
  });

  it("is an error of extend and release in redlock 5", async () => {
    const acquire = (redlock: Redlock, name: string) => redlock.acquire([name], 5_000);
    expect(await typed(acquire, "error")).toEqual({
      refused: ["ResourceLockedError"],
      after: ["WRONGTYPE", "WRONGTYPE"],
    });
  });
});

describe("a release in a listener of the process's exit", () => {
  it.each([
    ["redlock 5", "const lock = await redlock.acquire([name], 60_000);", "lock.release()"],
    ["redlock 4", "const lock = await redlock.lock(name, 60_000);", "lock.unlock(() => {})"],
    [
      "node-redlock",
      "const lock = await redlock.acquireLock(name, 60_000);",
      "redlock.releaseLock(name, lock.value)",
    ],
    [
      "redlock 5, as plain data",
      "const { resources, value, expiration } = await redlock.acquire([name], 60_000);",
      "redlock.release({ resources, value, expiration })",
    ],
  ])("is written to the socket: %s", async (_, acquire, release) => {
    const name = fresh("exit");
    const program = `
      import { Redis } from "ioredis";
      import Redlock from "holdfast/redlock";
      const redlock = new Redlock([new Redis(${first!.port})]);
      const name = ${JSON.stringify(name)};
      ${acquire}
      process.on("exit", () => { ${release}; });
      process.exit();`;
    expect(await runNode(["--input-type=module"], {}, program)).toMatchObject({ code: 0, stderr: "" });
    const redis = client();
    await expect.poll(() => redis.exists(name)).toBe(0);
  });
});
