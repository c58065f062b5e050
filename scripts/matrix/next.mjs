/** Next.js, built as a standalone server with each of its bundlers, and run from a folder that contains nothing else. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../bench/servers.mjs";

const startTimeout = 60_000;
const buildTimeout = 600_000;

const route = `
import { createLocks } from "holdfast";
import { serveInspector } from "holdfast/inspector";
import { instrumentLocks } from "holdfast/telemetry";
export const dynamic = "force-dynamic";
export async function GET() {
  const locks = createLocks({ nodes: [process.env.REDIS_URL] });
  instrumentLocks(locks);
  const refusal = await locks.using("next", async () => {
    const refused = await locks.acquire("next", { wait: 0 }).catch((error) => error);
    return refused.name;
  });
  const inspector = await serveInspector(locks, { port: 0 });
  const page = await fetch(inspector.url, { cache: "no-store" });
  await inspector.close();
  await locks.close();
  return new Response(["held", refusal, page.status].join(" "));
}
`;

const locked = `
import { createLocks } from "holdfast";
import { withLock } from "holdfast/next";
const locks = createLocks({ nodes: [process.env.REDIS_URL] });
const key = async (_request, { params }) => "orders:" + (await params).id;
export const POST = withLock({ locks, key }, async (_request, { params }, lease) => {
  const { id } = await params;
  const refused = await fetch(process.env.SELF + "/orders/" + id, { method: "POST" });
  return new Response([id, lease.resources, refused.status, refused.headers.get("retry-after") > 0].join(" "));
});
`;

const row = (bundler) => ({
  project: "next",
  tool: "next",
  label: "Next.js",
  what: `standalone server built with ${bundler}: a route with an address, the page and telemetry, and a locked route`,
  async run(project) {
    await rm(project.path(".next"), { recursive: true, force: true });
    await project.write(
      "next.config.mjs",
      'export default { output: "standalone", outputFileTracingRoot: import.meta.dirname };',
    );
    await project.write(
      "app/layout.js",
      "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
    );
    await project.write("app/api/lock/route.js", route);
    await project.write("app/orders/[id]/route.js", locked);
    const args = ["node_modules/next/dist/bin/next", "build", `--${bundler}`];
    // A tool of this project may have set another environment.
    const env = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
    await project.run(process.execPath, args, { timeout: buildTimeout, env });
    const elsewhere = `${project.folder}-standalone`;
    await mkdir(elsewhere);
    try {
      await cp(project.path(".next/standalone"), elsewhere, { recursive: true });
      const answer = await ask(elsewhere, project.redis);
      if (answer !== "held LockContendedError 200; 7 orders:7 409 true")
        throw new Error(`the routes answered "${answer}"`);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  },
});

/** Starts the server, and asks each route once. */
async function ask(folder, redis) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, PORT: String(port), HOSTNAME: "127.0.0.1", REDIS_URL: redis, SELF: url };
  const server = spawn(process.execPath, ["server.js"], { cwd: folder, env, stdio: "ignore" });
  const ended = once(server, "exit");
  try {
    for (const started = Date.now(); ; await sleep(250)) {
      const response = await fetch(`${url}/api/lock`).catch(() => null);
      if (response === null) {
        if (Date.now() - started > startTimeout) throw new Error("the server did not start");
        continue;
      }
      const locked = await fetch(`${url}/orders/7`, { method: "POST" });
      return `${await response.text()}; ${await locked.text()}`;
    }
  } finally {
    server.kill("SIGKILL");
    await ended;
  }
}

export const next = {
  id: "next",
  projects: { next: { packages: ["next", "react", "react-dom", "@opentelemetry/api"] } },
  rows: ["webpack", "turbopack"].map(row),
};
