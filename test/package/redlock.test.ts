import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer } from "./consumer.js";

const nodeTypes = ["--types", "node", "--typeRoots", resolve("node_modules/@types")];

/** Acquires a lock through each of the three APIs, on a memory node. */
const job = `
async function main() {
  const redlock = new Redlock([memoryNode()]);
  const redlock5Lock = await redlock.acquire(["a"], 1000);
  const redlock4Lock = await redlock.lock("b", 1000);
  const plain = await redlock.acquireLock("c", 1000);
  console.log(redlock5Lock instanceof Redlock.Lock, redlock4Lock instanceof Redlock.Lock, plain.resource);
  await redlock.quit();
}
main();`;
const worked = "true true c";

const forms = [
  ["a.mjs", 'import Redlock from "holdfast/redlock"; import { memoryNode } from "holdfast";'],
  ["b.mjs", 'import { Redlock } from "holdfast/redlock"; import { memoryNode } from "holdfast";'],
  [
    "c.mjs",
    'import * as all from "holdfast/redlock"; import { memoryNode } from "holdfast"; const Redlock = all.default;',
  ],
  ["d.cjs", 'const Redlock = require("holdfast/redlock"); const { memoryNode } = require("holdfast");'],
  [
    "e.cjs",
    'const { default: Redlock } = require("holdfast/redlock"); const { memoryNode } = require("holdfast");',
  ],
  ["f.cjs", 'const { Redlock } = require("holdfast/redlock"); const { memoryNode } = require("holdfast");'],
] as const;

describe("holdfast/redlock in the packed package", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await Consumer.install();
  }, 180_000);
  afterAll(() => consumer?.remove());

  it.each(forms)("%s: %s", async (name, imports) => {
    expect(await consumer.node(name, imports + job)).toBe(worked);
  });

  it.each(forms.filter(([name]) => name.endsWith(".cjs")))(
    "%s, through the CommonJS build, which older tools take: %s",
    async (name, imports) => {
      const built = imports
        .replace('"holdfast/redlock"', '"./node_modules/holdfast/dist/cjs/redlock.cjs"')
        .replace('"holdfast"', '"./node_modules/holdfast/dist/cjs/index.js"');
      expect(await consumer.node(`old-${name}`, built + job)).toBe(worked);
    },
  );

  it("gives import and require the same class, with every named value as a static", async () => {
    const text = `
      import { createRequire } from "node:module";
      import * as all from "holdfast/redlock";
      const required = createRequire(import.meta.url)("holdfast/redlock");
      const names = Object.keys(all).filter((name) => name !== "module.exports");
      console.log(names.length > 8, names.every((name) => required[name] === all[name]), required === all.default);`;
    expect(await consumer.node("same.mjs", text)).toBe("true true true");
  });

  it("compiles the programs of each package's users, in each module system, and with skipLibCheck off", async () => {
    for (const name of ["redlock-5.mts", "node-redlock.mts", "redlock-4.cts", "redlock-4.mts", "named.cts"]) {
      await consumer.write(name, await readFile(`test/package/programs/${name}.txt`, "utf8"));
    }
    for (const module of ["node16", "nodenext"]) {
      const files = ["redlock-5.mts", "node-redlock.mts", "redlock-4.cts", "redlock-4.mts", "named.cts"];
      await consumer.typecheck(["--module", module, "--exactOptionalPropertyTypes", ...nodeTypes, ...files]);
    }
  }, 120_000);

  it("compiles the subclass of docs/migrating.md", async () => {
    const page = await readFile("docs/migrating.md", "utf8");
    const [, program = ""] = /^```ts\n(import Redlock, [\s\S]*?)^```$/m.exec(page) ?? [];
    expect(program).toContain("extends Redlock");
    await consumer.write("subclass.mts", program);
    await consumer.typecheck(["--module", "nodenext", "--noImplicitOverride", ...nodeTypes, "subclass.mts"]);
  }, 120_000);

  it.each([
    ["nodenext", "nodenext", ["inferred.mts", "inferred.cts", "inferred-imports.cts"]],
    ["esnext", "bundler", ["inferred.mts"]],
  ])(
    "lets programs export what has inferred types, with declarations: %s, %s",
    async (module, resolution, files) => {
      for (const name of files)
        await consumer.write(name, await readFile(`test/package/programs/${name}.txt`, "utf8"));
      const args = ["--declaration", "--module", module, "--moduleResolution", resolution];
      await consumer.typecheck([...args, ...nodeTypes, ...files]);
    },
    120_000,
  );

  it("has types for tools that do not support exports, and for bundlers", async () => {
    await consumer.write("old.ts", await readFile("test/package/programs/redlock-5.mts.txt", "utf8"));
    const args = ["--module", "esnext", "--moduleResolution", "bundler", ...nodeTypes, "old.ts"];
    await consumer.typecheck(args);
  }, 120_000);
});
