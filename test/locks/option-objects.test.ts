import { describe, expect, it } from "vitest";
import { createLocks, type LocksOptions, memoryNode } from "../../src/index.js";
import { instrumentLocks } from "../../src/telemetry.js";

const failure = new Error("no such setting");

class Computed {
  get ttl(): number {
    return 5_000;
  }
}

const failing = {
  get ttl(): number {
    throw failure;
  },
};

const inherited: readonly [string, object][] = [
  ["a class with getters", new Computed()],
  ["an object with inherited properties", Object.create({ ttl: 5_000 })],
];

const given = (option: string, value: unknown) => () =>
  createLocks({ nodes: [memoryNode()], [option]: value } as unknown as LocksOptions);

describe("an object of options", () => {
  it.each(inherited)("must have properties of its own, which %s has not", async (_, options) => {
    const locks = createLocks({ nodes: [memoryNode()] });
    const message = /^options must be a plain object with properties of its own/;
    await expect(locks.acquire("a", options)).rejects.toThrow(message);
    expect(() => locks.election("a", options)).toThrow(message);
    expect(() => instrumentLocks(locks, options)).toThrow(message);
    expect(() => createLocks(options as LocksOptions)).toThrow(message);
  });

  it("that cannot be read is refused with the error of its getter", async () => {
    const locks = createLocks({ nodes: [memoryNode()] });
    const refused = { code: "INVALID_OPTION", option: "options", cause: failure };
    await expect(locks.acquire("a", failing)).rejects.toMatchObject(refused);
    await expect(locks.acquire("a", failing)).rejects.toThrow(
      "got an object whose properties cannot be read",
    );
  });

  it.each(["xstate", "retry", "publish"])("is named: %s", (option) => {
    for (const value of [null, 7, new Computed()])
      expect(given(option, value)).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option }));
  });
});
