import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chartTables } from "../../src/machines/compiled/chart-tables.js";
import { Consumer } from "./consumer.js";

it("the tables that the package contains are those that XState derives from the charts", async () => {
  const built = await import(pathToFileURL("build/esm/machines/compiled/chart-tables.js").href);
  expect(built.chartTables()).toEqual(chartTables());
  const published = await readFile("dist/esm/core.js", "utf8");
  expect(published).toContain(JSON.stringify(JSON.stringify(chartTables())));
});

describe("the bundles of the packed package", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await Consumer.install();
  }, 180_000);
  afterAll(() => consumer?.remove());

  it("loads four files, and nothing of the inspector, for programs that only lock", async () => {
    const text = `
      const { createLocks, memoryNode } = require("./node_modules/holdfast/dist/cjs/index.js");
      const locks = createLocks({ nodes: [memoryNode()] });
      locks.using("a", () => locks.close()).then(() => {
        const files = Object.keys(require.cache).filter((file) => /holdfast.dist/.test(file));
        const native = process.moduleLoadList.filter((name) => name === "NativeModule http" || name === "NativeModule _http_server");
        console.log([...files.map((file) => require("node:path").basename(file)).sort(), ...native].join());
      });
    `;
    expect(await consumer.node("alone.cjs", text)).toBe("core.js,errors.js,index.js,rolldown-runtime.js");
  });

  it.each(["esm/index.js", "cjs/index.js"])("keeps the names of classes: %s", async (file) => {
    const text = `
      const all = await import("./node_modules/holdfast/dist/${file}");
      const classes = Object.entries(all).filter(([name, value]) => /^[A-Z]/.test(name) && typeof value === "function");
      const locks = all.createLocks({ nodes: [all.memoryNode()] });
      const lease = await locks.acquire("a");
      console.log(classes.length > 10, classes.every(([name, value]) => value.name === name), lease.constructor.name);
      await locks.close();
    `;
    expect(await consumer.node("names.mjs", text)).toBe("true true LockLease");
  });

  it.each([
    ["esm", "redlock.js"],
    ["cjs", "redlock.cjs"],
  ])("shares its errors between the entry points: %s", async (folder, redlock) => {
    const text = `
      const load = (file) => import("./node_modules/holdfast/dist/${folder}/" + file);
      const { InvalidOptionError, StaleFenceError } = await load("index.js");
      const { guard } = await load("guard.js");
      const { default: Redlock } = await load("${redlock}");
      const failing = (run) => { try { run(); } catch (error) { return error; } };
      const [stale, invalid] = [failing(() => guard(1).check(2)), failing(() => new Redlock([1]))];
      console.log(stale instanceof StaleFenceError, invalid instanceof InvalidOptionError, String(stale).slice(0, 15));
    `;
    expect(await consumer.node("shared.mjs", text)).toBe("true true StaleFenceError");
  });

  it.each([
    ["import", 'import { createLocks, memoryNode } from "holdfast";'],
    [
      "the CommonJS build",
      'const { createLocks, memoryNode } = require("./node_modules/holdfast/dist/cjs/index.js");',
    ],
  ])("loads XState when a lock is inspected, and not before: %s", async (_, take) => {
    const text = `
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      ${take}
      const isLoaded = () => Object.keys(require.cache).some((file) => /node_modules.xstate/.test(file));
      const locks = createLocks({ nodes: [memoryNode()] });
      await locks.using("a", () => {});
      const before = isLoaded();
      const handle = locks.handle("b");
      await handle.acquire();
      const { actor } = handle;
      const { Actor } = await import("xstate");
      await handle.release();
      const inspected = new Set();
      const others = createLocks({ nodes: [memoryNode()], xstate: { inspect: ({ type }) => inspected.add(type) } });
      await others.using("a", () => {});
      await Promise.all([locks.close(), others.close()]);
      console.log(before, isLoaded(), actor instanceof Actor, actor.getSnapshot().value, inspected.has("@xstate.snapshot"));
    `;
    expect(await consumer.node("xstate.mjs", text)).toBe("false true true idle true");
  });

  it("has a command, and the watchdog that it starts", async () => {
    const run = (file: string, ...args: string[]) =>
      promisify(execFile)(process.execPath, [
        join(consumer.folder, "node_modules/holdfast/dist/esm", file),
        ...args,
      ]);
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    expect((await run("cli.js", "--version")).stdout.trim()).toBe(version);
    expect((await run("cli.js", "chart", "--format", "mermaid")).stdout).toContain("acquiring");
    const watchdog = run("watchdog.js");
    watchdog.child.stdin?.end();
    expect((await watchdog).stdout).toBe("ready\n");
  });
});
