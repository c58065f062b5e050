// @ts-expect-error It has types, but keeps them from whoever imports it.
import * as original from "redlock-5";
import { describe, expect, it } from "vitest";
import * as ours from "../../src/redlock.js";
import { compare, Scene } from "./compare.js";
import { acquire } from "./v5/acquire.js";
import { construct } from "./v5/construct.js";
import { errors } from "./v5/errors.js";
import { extend } from "./v5/extend.js";
import { everywhere, type Face, gone, once } from "./v5/face.js";
import { release } from "./v5/release.js";
import { using } from "./v5/using.js";

const faces: { readonly original: Face; readonly ours: Face } = { original, ours };

compare("redlock 5", faces, [...construct, ...acquire, ...release, ...extend, ...using, ...errors], {
  concurrent: true,
});

/** A program of which a part uses the original still. */
describe.each([
  ["the original", "ours"],
  ["ours", "the original"],
])("%s and %s on the same servers", (...names) => {
  const [first, second] = names.map((name) => (name === "ours" ? faces.ours : faces.original)) as [
    Face,
    Face,
  ];

  async function play(run: (scene: Scene<Face>) => Promise<void>): Promise<void> {
    const scene = new Scene(first, first === ours ? "ours" : "original");
    try {
      await run(scene);
    } finally {
      await scene.close();
    }
  }

  it("exclude each other, and take turns", () =>
    play(async (scene) => {
      const clients = await scene.clients(3);
      const [one, two] = [new first.default(clients), new second.default(await scene.clients(3))];
      const resources = [scene.key("a"), scene.key("b")];
      const lock = await one.acquire(resources, 10_000);
      await expect(two.acquire([scene.key("b")], 10_000, once)).rejects.toThrow(second.ExecutionError);
      const waiting = two.acquire(resources, 10_000, { retryCount: -1, retryDelay: 10, retryJitter: 5 });
      await lock.release();
      await (await waiting).release();
      await gone(clients, resources[0]!);
    }));

  it("extend and release what the other acquired, by its value", () =>
    play(async (scene) => {
      const clients = await scene.clients(3);
      const [one, two] = [new first.default(await scene.clients(3)), new second.default(clients)];
      const { resources, value, expiration } = await one.acquire([scene.key()], 10_000);
      await everywhere(clients, scene.key());
      const lock = await new second.Lock(two, resources, value, [], expiration).extend(60_000);
      for (const client of clients) expect(await client.pttl(scene.key())).toBeGreaterThan(10_000);
      await lock.release();
      await gone(clients, scene.key());
    }));
});
