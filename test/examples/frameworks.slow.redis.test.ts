import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { createLocks } from "../../src/index.js";
import { freePort } from "../support/free-port.js";
import { sharedServers } from "../support/shared-servers.js";
import { programOf, writeProgram } from "./page-program.js";
import { type Ended, runNode } from "./program.js";

const page = readFileSync("docs/frameworks.md", "utf8");
const node = sharedServers()[0]!.url;

/** Runs the program, followed by `more`, on a server of the tests, with locks and a port of its own. */
async function run(program: string, more: string): Promise<Ended & { readonly own: string }> {
  const port = await freePort();
  const own = randomUUID().slice(0, 8);
  const text = `${program}\nconst url = "http://127.0.0.1:${port}";\n${more}`
    .replaceAll("redis://10.0.0.1", node)
    .replace(/(["`])(orders|payouts):/g, `$1$2-${own}:`)
    .replace(/(Queue|Worker)\("orders"/g, `$1("orders-${own}"`)
    .replace("3000", String(port));
  return { ...(await runNode(["--no-warnings", await writeProgram(text)])), own };
}

test("NestJS: twelve lines are a locked service with a health check, which closes its locks on SIGTERM", async () => {
  const program = programOf(page, "NestJS");
  const lines = program.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import "));
  expect(lines.length).toBeLessThanOrEqual(12);
  const more = `
    const pay = await fetch(url + "/payouts/7", { method: "POST" });
    const health = await fetch(url + "/payouts/health");
    const { LOCKS } = await import("holdfast/nest");
    await app.get<import("holdfast").Locks>(LOCKS).acquire("payouts:8", { ttl: 300_000 });
    console.log([await pay.text(), health.status, await health.text()].join(" "));
    process.kill(process.pid, "SIGTERM");
  `;
  const { code, stdout, stderr, own } = await run(program, more);
  // After its shutdown Nest lets the signal end the process.
  expect({ code, stderr }).toEqual({ code: null, stderr: "" });
  expect(stdout).toContain('paid out 7 200 {"locks":{"status":"up","nodes":1,"voting":1,"quorum":1}}');
  const locks = createLocks({ nodes: [node] });
  onTestFinished(() => locks.close());
  expect((await locks.inspect(`payouts-${own}:8`)).held).toBe(false);
});

describe("a request", () => {
  const inProcess = 'new Request("http://localhost/orders/7/pay", { method: "POST" })';
  test.each([
    [
      "Express",
      "app.listen(3000)",
      'fetch(url + "/orders/7/pay", { method: "POST" })',
      "locks",
      "server.close();",
    ],
    ["Fastify", "", 'fetch(url + "/orders/7/pay", { method: "POST" })', "app.locks", "await app.close();"],
    ["Hono", "", `app.fetch(${inProcess})`, "locks", ""],
    ["Next.js", "", `POST(${inProcess}, { params: Promise.resolve({ id: "7" }) })`, "locks", ""],
  ])("%s: is refused while somebody else has its lock", async (title, listening, ask, locks, close) => {
    const program = programOf(page, title).replace("app.listen(3000)", `const server = ${listening}`);
    const more = `
      const held = await ${locks}.acquire("orders:7", { ttl: 8_000 });
      const refused = await ${ask};
      await held.release();
      const paid = await ${ask};
      console.log(refused.status, refused.headers.get("retry-after"), await paid.text());
      ${close}
      await ${locks}.close();
    `;
    const { code, stdout, stderr } = await run(program, more);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trim()).toMatch(/^409 [1-8] paid 7$/);
  });
});

test("BullMQ: a job runs under its lease", async () => {
  const more = `
    worker.on("completed", async () => {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
      await locks.close();
      await connection.quit();
    });`;
  const { code, stdout, stderr } = await run(programOf(page, "BullMQ"), more);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe("paid 7\n");
});
