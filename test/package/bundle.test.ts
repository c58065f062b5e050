import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer } from "./consumer.js";

const run = promisify(execFile);

const program = `
import { createLocks, memoryNode } from "holdfast";
import { serveInspector } from "holdfast/inspector";
const locks = createLocks({ nodes: [memoryNode()] });
const names = [];
const note = (call) => call().catch(({ name }) => names.push(name));
const lease = await locks.acquire("a");
await note(() => locks.acquire("a", { wait: 0 }));
await note(() => locks.acquire("a", { wait: 20 }));
await note(() => locks.acquire(""));
await note(async () => createLocks({ nodes: [] }));
const handle = locks.handle("b");
await handle.acquire();
const state = handle.actor.getSnapshot().value;
await handle.release();
const keeping = createLocks({ nodes: ["redis://127.0.0.1:1"], renewal: "worker" });
const unreachable = await keeping.acquire("a").catch(({ message }) => message);
await keeping.close();
const inspector = await serveInspector(locks, { port: 0 });
const page = await (await fetch(inspector.url)).text();
const asset = await fetch(inspector.url + /assets\\/[^"]+\\.js/.exec(page)[0]);
const metrics = await fetch(inspector.url + "metrics");
const hello = (await (await fetch(inspector.url + "events")).body.getReader().read()).value;
const { version } = JSON.parse(/data: (.*)/.exec(Buffer.from(hello).toString())[1]);
console.log(JSON.stringify({ unreachable, names, state, asset: asset.status, metrics: await metrics.text(), version }));
await inspector.close();
await locks.close();
`;

describe("a minified bundle that contains the package, and no other file", () => {
  let consumer: Consumer;
  let folder: string;
  beforeAll(async () => {
    consumer = await Consumer.install();
    folder = await mkdtemp(join(tmpdir(), "holdfast-bundle-"));
    await consumer.write("main.mjs", program);
    await build({
      root: consumer.folder,
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true, target: "node" },
      build: { ssr: "main.mjs", outDir: folder, emptyOutDir: true, minify: true, target: "es2022" },
    });
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  }, 180_000);
  afterAll(async () => {
    await consumer?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it("serves the page, has the charts and the worker, keeps the names of errors, and says which packages metrics need", async () => {
    const main = (await readdir(folder)).find((file) => /^main.*js$/.test(file)) ?? "";
    const { stdout } = await run(process.execPath, [main], { cwd: folder });
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    expect(JSON.parse(stdout)).toEqual({
      names: ["LockContendedError", "AcquireTimeoutError", "InvalidOptionError", "InvalidOptionError"],
      state: "held",
      // Said by the client in the worker.
      unreachable: expect.stringContaining("ECONNREFUSED"),
      asset: 200,
      metrics: expect.stringContaining("npm install @opentelemetry/api"),
      version,
    });
  });
});
