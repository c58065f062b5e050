import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer } from "./consumer.js";

const run = promisify(execFile);

const program = `
import { createLocks, memoryNode } from "holdfast";
const locks = createLocks({ nodes: [memoryNode(), memoryNode(), memoryNode()] });
const lease = await locks.acquire("a", { fence: true });
const taken = await locks.tryAcquire("a");
const handle = locks.handle("b");
await handle.acquire();
const state = handle.actor.getSnapshot().value;
const handed = await locks.adopt(lease.handover());
const refused = [
  { nodes: ["redis://user:secret@db-1"] },
  { nodes: [memoryNode()], publish: true },
  { nodes: [memoryNode()], closeOn: ["SIGTERM"] },
  { nodes: ["redis://db-1"], renewal: "worker" },
].map((options) => {
  try { createLocks(options); } catch (error) { return [error.code, error.option, error.message]; }
});
const { holder } = await locks.inspect("a");
await handed.release();
await locks.close();
console.log(JSON.stringify({ taken, fence: lease.fence > 0, state, owner: holder.owner, refused }));
`;

describe("the package in a browser", () => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await Consumer.install();
    await consumer.write("main.mjs", program);
  }, 180_000);
  afterAll(() => consumer?.remove());

  it("locks on memory nodes, and refuses what needs Node.js", async () => {
    const { stdout } = await run(process.execPath, ["--conditions=browser", "main.mjs"], {
      cwd: consumer.folder,
    });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ taken: null, fence: true, state: "held" });
    expect(result.owner).toMatch(/^browser:\d+$/);
    expect(result.refused.map((one: string[]) => one.slice(0, 2))).toEqual([
      ["INVALID_OPTION", "nodes[0]"],
      ["INVALID_OPTION", "publish"],
      ["INVALID_OPTION", "closeOn[0]"],
      ["INVALID_OPTION", "renewal"],
    ]);
    expect(stdout).not.toContain("secret");
  });

  it("gives CommonJS, such as that of a test runner with the condition, what Node.js has", async () => {
    const text = `console.log(require.resolve("holdfast").includes("cjs"), require("holdfast") !== undefined);`;
    await consumer.write("main.cjs", text);
    const args = ["--conditions=browser", "--no-experimental-require-module", "main.cjs"];
    expect((await run(process.execPath, args, { cwd: consumer.folder })).stdout).toBe("true true\n");
  });

  it("is bundled without anything of Node.js", async () => {
    const output = await build({
      root: consumer.folder,
      configFile: false,
      logLevel: "silent",
      build: {
        write: false,
        target: "es2022",
        rolldownOptions: { input: join(consumer.folder, "main.mjs") },
      },
    });
    const code = [output].flat().flatMap((one) => ("output" in one ? one.output : []));
    const text = code.map((one) => ("code" in one ? one.code : "")).join("\n");
    // The text is too long to be shown.
    expect(text.includes("LockContendedError")).toBe(true);
    expect(/__vite-browser-external|"node:|process\.(?:pid|on|emitWarning)\b|"ioredis"/.exec(text)?.[0]).toBe(
      undefined,
    );
  });
});
