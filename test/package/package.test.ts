import { readFile, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer } from "./consumer.js";

const job = `
const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()] });
locks.using("a", (lease) => lease.remaining() > 9_000).then(async (held) => {
  await locks.close();
  console.log(held);
});
`;

const nodeTypes = ["--types", "node", "--typeRoots", resolve("node_modules/@types")];

describe("the packed package", () => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = await Consumer.install();
  }, 180_000);
  afterAll(() => consumer?.remove());

  it("works through import", async () => {
    const text = `import { createLocks, memoryNode } from "holdfast";${job}`;
    expect(await consumer.node("esm.mjs", text)).toBe("true");
  });

  it("works through require", async () => {
    const text = `const { createLocks, memoryNode } = require("holdfast");${job}`;
    expect(await consumer.node("cjs.cjs", text)).toBe("true");
  });

  it("works through the CommonJS build, which older tools use", async () => {
    const text = `const { createLocks, memoryNode } = require("./node_modules/holdfast/dist/cjs/index.js");${job}`;
    expect(await consumer.node("old.cjs", text)).toBe("true");
  });

  it("refuses an address that cannot be decoded, in each build", async () => {
    const refusal = `
      try {
        createLocks({ nodes: ["redis://:100%pass@host"] });
      } catch (error) {
        console.log(error.code);
      }
    `;
    const refused = "INVALID_OPTION";
    const esm = `import { createLocks } from "holdfast";${refusal}`;
    expect(await consumer.node("address.mjs", esm)).toBe(refused);
    const cjs = `const { createLocks } = require("./node_modules/holdfast/dist/cjs/index.js");${refusal}`;
    expect(await consumer.node("address.cjs", cjs)).toBe(refused);
  });

  it("leaves no asynchronous resource of the import behind", async () => {
    const text = `
      import { createHook } from "node:async_hooks";
      import { setImmediate as turn } from "node:timers/promises";
      const made = new Set();
      const left = new Set();
      createHook({
        init: (id, type) => type === "Holdfast" && left.add(id) && made.add(id),
        destroy: (id) => left.delete(id),
      }).enable();
      await import("holdfast");
      await turn();
      await turn();
      console.log(made.size > 0, left.size);
    `;
    expect(await consumer.node("resources.mjs", text)).toBe("true 0");
  });

  it("gives import and require the same classes, and recognises the errors of another copy", async () => {
    const text = `
      import { createRequire } from "node:module";
      import { InvalidOptionError } from "holdfast";
      const require = createRequire(import.meta.url);
      const copy = require("./node_modules/holdfast/dist/cjs/index.js");
      const { isHoldfastError, InvalidOptionError: required } = require("holdfast");
      const foreign = new copy.InvalidOptionError("ttl", 0, "positive");
      console.log(required === InvalidOptionError, isHoldfastError(foreign, "INVALID_OPTION"), isHoldfastError({}));
    `;
    expect(await consumer.node("same.mjs", text)).toBe("true true false");
  });

  it("guards writes without loading anything else", async () => {
    const text = `
      import { createRequire } from "node:module";
      import { basename } from "node:path";
      import { guard, StaleFenceError } from "holdfast/guard";
      import * as locks from "holdfast";
      const require = createRequire(import.meta.url);
      const known = new Set(Object.keys(require.cache));
      const { guard: copy } = require("./node_modules/holdfast/dist/cjs/guard.js");
      const loaded = Object.keys(require.cache).filter((file) => !known.has(file)).map((file) => basename(file));
      console.log(StaleFenceError === locks.StaleFenceError, guard(5).fence === copy("5").fence, loaded.join());
    `;
    expect(await consumer.node("guard.mjs", text)).toBe("true true guard.js,rolldown-runtime.js,errors.js");
    await consumer.write(
      "guard.mts",
      'import { guard } from "holdfast/guard"; const fence: number = guard("5").fence; void fence;',
    );
    await consumer.write("guard.cts", 'import { guard } from "holdfast/guard"; guard(5n).check(null);');
    await consumer.typecheck(["--module", "nodenext", "guard.mts", "guard.cts"]);
  });

  it("serves the inspector without OpenTelemetry, but no metrics", async () => {
    const text = `
      import { createLocks, memoryNode } from "holdfast";
      import { serveInspector } from "holdfast/inspector";
      const locks = createLocks({ nodes: [memoryNode()] });
      const inspector = await serveInspector(locks, { port: 0 });
      console.log((await fetch(inspector.url)).status, (await fetch(inspector.url + "metrics")).status);
      await inspector.close();
      await locks.close();
    `;
    expect(await consumer.node("no-metrics.mjs", text)).toBe("200 501");
  });

  it("compiles, and instruments locks of either build, if OpenTelemetry is installed", async () => {
    await symlink(
      resolve("node_modules/@opentelemetry"),
      join(consumer.folder, "node_modules", "@opentelemetry"),
    );
    const text = `
      import { createRequire } from "node:module";
      import { createLocks, memoryNode } from "holdfast";
      import { prometheusOf } from "holdfast/telemetry";
      const require = createRequire(import.meta.url);
      const { instrumentLocks, prometheusOf: required } = require("./node_modules/holdfast/dist/cjs/telemetry.js");
      const locks = createLocks({ nodes: [memoryNode()] });
      const names = [];
      const span = { isRecording: () => true, spanContext: () => ({}), setAttributes() {}, setAttribute() {}, end() {} };
      const tracer = { startSpan: (name) => (names.push(name), span) };
      instrumentLocks(locks, { tracerProvider: { getTracer: () => tracer } });
      const texts = await Promise.all([prometheusOf([locks]), required([locks])]);
      await locks.using("a", () => {});
      const counted = await Promise.all(texts.map((metrics) => metrics.text()));
      console.log(names.join(), counted.every((text) => text.includes("holdfast_lock_acquisitions_total 1")));
      for (const metrics of texts) await metrics.stop();
      await locks.close();
    `;
    expect(await consumer.node("telemetry.mjs", text)).toBe(
      "holdfast.acquire,holdfast.hold,holdfast.release true",
    );
    const source = `import { createLocks, memoryNode } from "holdfast";
      import { instrumentLocks, prometheusOf } from "holdfast/telemetry";
      const locks = createLocks({ nodes: [memoryNode()] });
      const remove: () => void = instrumentLocks(locks, {});
      void [remove, prometheusOf([locks])];`;
    for (const name of ["telemetry.mts", "telemetry.cts"]) await consumer.write(name, source);
    await consumer.typecheck(["--module", "nodenext", ...nodeTypes, "telemetry.mts", "telemetry.cts"]);
  });

  it("loads no Redis client until an address needs one", async () => {
    const text = `
      const { createLocks, memoryNode } = require("holdfast/package.json") && require("./node_modules/holdfast/dist/cjs/index.js");
      createLocks({ nodes: [memoryNode()] });
      console.log(Object.keys(require.cache).filter((file) => /node_modules.(ioredis|redis|commander|@opentelemetry)/.test(file)).length);
    `;
    expect(await consumer.node("lazy.cjs", text)).toBe("0");
  });

  it.each([
    ["import", "inspector.mjs", (module: string, names: string) => `import { ${names} } from "${module}";`],
    [
      "require",
      "inspector.cjs",
      (module: string, names: string) => `const { ${names} } = require("${module}");`,
    ],
    [
      "the CommonJS build",
      "inspector-old.cjs",
      (module: string, names: string) => {
        const build = "./node_modules/holdfast/dist/cjs";
        const file = module
          .replace(/^holdfast$/, `${build}/index.js`)
          .replace(/^holdfast(\/.*)/, `${build}$1.js`);
        return `const { ${names} } = require("${file}");`;
      },
    ],
  ])("serves the inspector's page, and its version, through %s", async (_, file, take) => {
    const text = `
      ${take("holdfast", "createLocks, memoryNode")}
      ${take("holdfast/inspector", "serveInspector")}
      ${take("node:http", "get")}
      ${take("node:events", "once")}
      // An open connection would keep the process running.
      const ask = (url) => new Promise((answer) => get(url, { agent: false }, answer));
      const textOf = async (response) => Buffer.concat(await response.toArray()).toString();
      async function look() {
        const { url } = await serveInspector(createLocks({ nodes: [memoryNode()] }), { port: 0 });
        const page = await textOf(await ask(url));
        const [script] = page.match(/assets\\/[^"]+\\.js/);
        const asset = await ask(url + script);
        const events = await ask(url + "events");
        const [hello] = await once(events, "data");
        events.destroy();
        const { version } = JSON.parse(/data: (.*)/.exec(hello)[1]);
        console.log(page.includes('id="app"'), (await textOf(asset)).length > 1_000, asset.headers["content-type"], version);
        // Neither the locks nor the inspector is closed: they must not keep the process running.
      }
      look();`;
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    expect(await consumer.node(file, text)).toBe(`true true text/javascript; charset=utf-8 ${version}`);
  });

  it("has types for the inspector", async () => {
    const source = `
      import { createLocks, memoryNode } from "holdfast";
      import { type InspectorOptions, serveInspector } from "holdfast/inspector";
      const options: InspectorOptions = { port: 0, title: "locks" };
      async function main() {
        await using inspector = await serveInspector([createLocks({ nodes: [memoryNode()] })], options);
        const url: string = inspector.url;
        return url;
      }
      void main();`;
    await consumer.write("inspector.mts", source);
    await consumer.write("inspector.cts", source);
    await consumer.typecheck(["--module", "nodenext", ...nodeTypes, "inspector.mts", "inspector.cts"]);
  });

  it("compiles for consumers of each module system, with lib es2022, and with skipLibCheck off", async () => {
    const source = (imports: string) => `${imports}
      async function main() {
        await using lease = await createLocks({ nodes: [memoryNode()] }).acquire("a");
        const left: number = lease.remaining();
        return left;
      }
      void main();`;
    await consumer.write("one.mts", source('import { createLocks, memoryNode } from "holdfast";'));
    await consumer.write("two.cts", source('import { createLocks, memoryNode } from "holdfast";'));
    for (const module of ["node16", "nodenext"]) {
      await consumer.typecheck([
        "--module",
        module,
        "--exactOptionalPropertyTypes",
        ...nodeTypes,
        "one.mts",
        "two.cts",
      ]);
    }
  }, 120_000);

  it("compiles the programs of the README and of the reference", async () => {
    const pages = await Promise.all(["README.md", "docs/reference.md"].map((page) => readFile(page, "utf8")));
    const programs = pages.flatMap((page) =>
      [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, program]) => program),
    );
    expect(programs.length).toBe(4);
    const surroundings = `
      declare const pages: string[];
      declare function write(page: string, options: { signal: AbortSignal }): Promise<void>;
      declare function payOut(id: number): Promise<void>;
      void [pages, write, payOut];`;
    for (const [index, program] of programs.entries()) {
      await consumer.write(`readme-${index}.mts`, program + surroundings);
    }
    const files = programs.map((_, index) => `readme-${index}.mts`);
    await symlink(resolve("node_modules/redis"), join(consumer.folder, "node_modules", "redis"));
    await consumer.typecheck(["--module", "nodenext", "--skipLibCheck", ...nodeTypes, ...files]);
  }, 120_000);
});
