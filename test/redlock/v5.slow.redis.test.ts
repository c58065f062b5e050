// @ts-expect-error The package has types, but does not export them.
import * as original from "redlock-5";
import { describe, expect, it } from "vitest";
import * as ours from "../../src/redlock.js";
import { CaseContext, compare } from "./compare.js";
import { acquire } from "./v5/acquire.js";
import { type Api, everywhere, gone, once } from "./v5/api.js";
import { construct } from "./v5/construct.js";
import { errors } from "./v5/errors.js";
import { extend } from "./v5/extend.js";
import { release } from "./v5/release.js";
import { using } from "./v5/using.js";

const packages: { readonly original: Api; readonly ours: Api } = { original, ours };

compare("redlock 5", packages, [...construct, ...acquire, ...release, ...extend, ...using, ...errors], {
  concurrent: true,
});

/** A program that still uses the original in some places. */
describe.each([
  ["the original", "ours"],
  ["ours", "the original"],
])("%s and %s on the same servers", (...names) => {
  const [first, second] = names.map((name) => (name === "ours" ? packages.ours : packages.original)) as [
    Api,
    Api,
  ];

  async function play(run: (context: CaseContext<Api>) => Promise<void>): Promise<void> {
    const context = new CaseContext(first, first === ours ? "ours" : "original");
    try {
      await run(context);
    } finally {
      await context.close();
    }
  }

  it("exclude each other, and acquire one after the other", () =>
    play(async (context) => {
      const clients = await context.clients(3);
      const [one, two] = [new first.default(clients), new second.default(await context.clients(3))];
      const resources = [context.key("a"), context.key("b")];
      const lock = await one.acquire(resources, 10_000);
      await expect(two.acquire([context.key("b")], 10_000, once)).rejects.toThrow(second.ExecutionError);
      const waiting = two.acquire(resources, 10_000, { retryCount: -1, retryDelay: 10, retryJitter: 5 });
      await lock.release();
      await (await waiting).release();
      await gone(clients, resources[0]!);
    }));

  it("extend and release each other's locks by value", () =>
    play(async (context) => {
      const clients = await context.clients(3);
      const [one, two] = [new first.default(await context.clients(3)), new second.default(clients)];
      const { resources, value, expiration } = await one.acquire([context.key()], 10_000);
      await everywhere(clients, context.key());
      const lock = await new second.Lock(two, resources, value, [], expiration).extend(60_000);
      for (const client of clients) expect(await client.pttl(context.key())).toBeGreaterThan(10_000);
      await lock.release();
      await gone(clients, context.key());
    }));
});
