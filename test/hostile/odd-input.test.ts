import { expect, it, vi } from "vitest";
import { createLocks, isHoldfastError, ManagerClosedError } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { anything } from "./support/odd-values.js";
import { holds } from "./support/property.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

it("`isHoldfastError` accepts any thrown value", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(isHoldfastError(proxy)).toBe(false);
  expect(isHoldfastError(new ManagerClosedError(), "MANAGER_CLOSED")).toBe(true);
  await holds(anything, (thrown) => {
    expect(isHoldfastError(thrown)).toBe(false);
    expect(isHoldfastError(new ManagerClosedError(), thrown as never)).toBe(thrown === undefined);
  });
});

it("values that throw when inspected are refused like any other", async () => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  const bad = proxy as never;
  const locks = new TestNodes().locks();
  const refused = { code: "INVALID_OPTION" };
  expect(() => createLocks(bad)).toThrow(expect.objectContaining(refused));
  expect(() => createLocks({ nodes: bad })).toThrow(expect.objectContaining(refused));
  expect(() => createLocks({ nodes: [bad as string] })).toThrow(expect.objectContaining(refused));
  for (const options of [bad, { signal: bad }, { retry: bad }, { ttl: bad }])
    await expect(locks.acquire("a", options)).rejects.toMatchObject(refused);
  await expect(locks.acquire(bad)).rejects.toMatchObject(refused);
  await expect(locks.adopt(bad)).rejects.toMatchObject(refused);
  await locks.close();
});

it("a retry function may return any value: the acquisition ends, and leaves nothing behind", async () => {
  const world = new TestNodes(1);
  const ours = world.locks();
  await world.locks({ owner: "other" }).acquire("a", { ttl: 60_000, renew: false });
  const strays: unknown[] = [];
  const note = (error: unknown) => strays.push(error);
  process.on("unhandledRejection", note);
  await holds(
    anything,
    async (given) => {
      const isDelay = typeof given === "number" && given >= 0 && given < Number.POSITIVE_INFINITY;
      if (isDelay || given === false) return;
      const thrower = () => {
        throw given;
      };
      for (const retry of [() => given, async () => Promise.reject(given), thrower]) {
        const failed = ours.acquire("a", { retry: retry as never });
        const error = await failed.catch((reason: unknown) => reason);
        if (error === given) expect(retry).toBe(thrower);
        else expect(error).toMatchObject({ code: "INVALID_OPTION", option: "retry" });
      }
    },
    500,
  );
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  expect(strays).toEqual([]);
  await ours.close();
});
