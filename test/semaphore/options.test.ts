import { Cluster } from "ioredis";
import { describe, expect, it } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";

const locksOf = () => {
  const node = memoryNode();
  return createLocks({ nodes: [node] });
};

describe("bad input of a semaphore is refused before any request", () => {
  it.each([0, -1, 1.5, Number.NaN, 1_001, Number.POSITIVE_INFINITY, "5", null, undefined])(
    "permits: %s",
    (permits) => {
      expect(() => locksOf().semaphore("imports", { permits: permits as number })).toThrowError(
        expect.objectContaining({ code: "INVALID_OPTION", option: "permits" }),
      );
    },
  );

  it("no options, unknown options, and names that are not", () => {
    const locks = locksOf();
    const open = locks.semaphore as (...all: unknown[]) => unknown;
    expect(() => open.call(locks, "imports")).toThrowError(/options/);
    expect(() => open.call(locks, "imports", { permits: 1, ttl: 5 })).toThrowError(/semaphore knows permits/);
    for (const name of ["", 5, null, undefined, ["a"]])
      expect(() => open.call(locks, name, { permits: 1 })).toThrowError(/name/);
  });

  it("another number of permits for a name that is known", () => {
    const locks = locksOf();
    const first = locks.semaphore("imports", { permits: 5 });
    expect(locks.semaphore("imports", { permits: 5 }).permits).toBe(first.permits);
    expect(() => locks.semaphore("imports", { permits: 4 })).toThrowError(
      /permits must be 5, as these locks have given it .* got 4/,
    );
    expect(locks.semaphore("exports", { permits: 4 }).permits).toBe(4);
  });

  it("another number of permits for a semaphore in use, however many others were opened since", async () => {
    const locks = locksOf();
    const semaphore = locks.semaphore("imports", { permits: 2 });
    const lease = await locks.semaphore("exports", { permits: 2 }).acquire();
    for (let index = 0; index < 20_000; index++) locks.semaphore(`customer:${index}`, { permits: 1 });
    for (const name of ["imports", "exports"])
      expect(() => locks.semaphore(name, { permits: 3 })).toThrowError(/permits must be 2/);
    expect(locks.semaphore("exports", { permits: 2 }).permits).toBe(semaphore.permits);
    await lease.release();
  });

  it.each(["}a", "}{"])("a name that scatters the permits over a Cluster: %s", async (name) => {
    const cluster = new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true });
    const locks = createLocks({ nodes: [cluster] });
    expect(() => locks.semaphore(name, { permits: 3 })).toThrowError(
      expect.objectContaining({ code: "INVALID_OPTION", option: "name" }),
    );
    for (const other of ["a}", "{", "{}a", "}{a}"])
      expect(locks.semaphore(other, { permits: 3 }).name).toBe(other);
    expect(locks.semaphore(name, { permits: 1 }).name).toBe(name);
    expect(locksOf().semaphore(name, { permits: 3 }).name).toBe(name);
    await locks.close();
    cluster.disconnect();
  });

  it.each([0, 6, -1, 1.5, Number.NaN, "2", null])("weight: %s of 5", async (weight) => {
    const semaphore = locksOf().semaphore("imports", { permits: 5 });
    const options = { weight: weight as number };
    const refused = { code: "INVALID_OPTION", option: "weight" };
    await expect(semaphore.acquire(options)).rejects.toMatchObject(refused);
    await expect(semaphore.tryAcquire(options)).rejects.toMatchObject(refused);
    await expect(semaphore.using(options, () => 1)).rejects.toMatchObject(refused);
    expect(() => semaphore.handle(options)).toThrowError(expect.objectContaining(refused));
  });

  it("unknown options of an acquisition, and weight where there are no permits", async () => {
    const locks = locksOf();
    const semaphore = locks.semaphore("imports", { permits: 5 });
    await expect(semaphore.acquire({ permits: 5 } as object)).rejects.toThrowError(/permits knows/);
    await expect(semaphore.acquire({ rejectOnLoss: true } as object)).rejects.toThrowError(/rejectOnLoss/);
    await expect(locks.acquire("imports", { weight: 2 } as object)).rejects.toThrowError(/weight/);
  });

  it("a mode, which permits do not have", async () => {
    const semaphore = locksOf().semaphore("imports", { permits: 5 });
    const options = { mode: "shared" } as object;
    const refused = { code: "INVALID_OPTION", option: "mode" };
    await expect(semaphore.acquire(options)).rejects.toMatchObject(refused);
    await expect(semaphore.tryAcquire(options)).rejects.toMatchObject(refused);
    await expect(semaphore.using(options, () => 1)).rejects.toMatchObject(refused);
    expect(() => semaphore.handle(options)).toThrowError(expect.objectContaining(refused));
    await expect(semaphore.handle().acquire(options)).rejects.toMatchObject(refused);
  });

  it("a closed manager", async () => {
    const locks = locksOf();
    const semaphore = locks.semaphore("imports", { permits: 5 });
    await locks.close();
    await expect(semaphore.acquire()).rejects.toMatchObject({ code: "MANAGER_CLOSED" });
    expect(() => locks.semaphore("imports", { permits: 5 })).toThrowError(
      expect.objectContaining({ code: "MANAGER_CLOSED" }),
    );
  });
});
