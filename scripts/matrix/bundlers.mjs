/** Programs that are bundled, dependencies included, and run from a folder that contains nothing else. */
import { cp, mkdir, rm } from "node:fs/promises";
import { tools } from "./bundlers/tools.mjs";

/**
 * What the bundled program must print: it locked through an address, had an actor of XState, kept a lease from a worker while it was
 * blocked for twice the ttl, served the page, and answered a request for metrics:
 * 501 without OpenTelemetry, whose absence must not break the build either.
 */
const expected = (metrics) => `held LockContendedError actor idle kept page 200 metrics ${metrics}`;

const source = (take, telemetry) => `
${take("holdfast", "createLocks")}
${take("holdfast/inspector", "serveInspector")}
${telemetry ? take("holdfast/telemetry", "instrumentLocks") : ""}
async function main() {
  const locks = createLocks({ nodes: [process.env.REDIS_URL] });
  ${telemetry ? "instrumentLocks(locks);" : ""}
  const refusal = await locks.using("bundled", async () => {
    const refused = await locks.acquire("bundled", { wait: 0 }).catch((error) => error);
    return refused.name;
  });
  const { value } = locks.handle("bundled").actor.getSnapshot();
  const keeping = createLocks({ nodes: [process.env.REDIS_URL], ttl: 2_000, renewal: "worker" });
  const lease = await keeping.acquire("kept");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
  const kept = lease.remaining() > 0 ? "kept" : "lost";
  await keeping.close();
  const inspector = await serveInspector(locks, { port: 0 });
  const page = await fetch(inspector.url);
  const script = /assets\\/[^"]+\\.js/.exec(await page.text())[0];
  const asset = await fetch(inspector.url + script);
  const metrics = await fetch(inspector.url + "metrics");
  console.log("held", refusal, "actor", value, kept, "page", page.status + asset.status - 200, "metrics", metrics.status);
  await inspector.close();
  await locks.close();
}
main().catch((error) => { console.log(error); process.exit(1); });
`;

const sources = {
  "ES modules": ["main.mjs", (from, names) => `import { ${names} } from "${from}";`],
  CommonJS: ["main.cjs", (from, names) => `const { ${names} } = require("${from}");`],
};

function row(tool, form, telemetry) {
  const [entry, take] = sources[form];
  return {
    project: telemetry ? "telemetry" : "alone",
    tool: tool.name,
    label: tool.label,
    what: `${tool.what}, from ${form}${telemetry ? ", with telemetry" : ", without OpenTelemetry"}`,
    async run(project) {
      await project.write(entry, source(take, telemetry));
      const out = project.path("out");
      await rm(out, { recursive: true, force: true });
      const file = await tool.build(project, entry);
      // The bundle must not find the packages from which it was made.
      const elsewhere = `${project.folder}-bundle`;
      await rm(elsewhere, { recursive: true, force: true });
      await mkdir(elsewhere);
      try {
        await cp(out, elsewhere, { recursive: true });
        const printed = await project.run(process.execPath, [file], { cwd: elsewhere });
        const wanted = expected(telemetry ? 200 : 501);
        if (printed !== wanted) throw new Error(`printed "${printed}" instead of "${wanted}"`);
      } finally {
        await rm(elsewhere, { recursive: true, force: true });
      }
    },
  };
}

const packages = tools.flatMap((tool) => tool.packages);
const telemetryPackages = [
  "@opentelemetry/api",
  "@opentelemetry/sdk-metrics",
  "@opentelemetry/exporter-prometheus",
];

export const bundlers = {
  id: "bundlers",
  projects: {
    alone: { packages },
    telemetry: { packages: [...packages, ...telemetryPackages] },
  },
  rows: tools.flatMap((tool) =>
    [false, true].flatMap((telemetry) => tool.sources.map((form) => row(tool, form, telemetry))),
  ),
};
