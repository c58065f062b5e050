import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeCases } from "../../src/testing/contract/node-contract.js";
import { sharedServers } from "../support/shared-servers.js";
import { runNode } from "./program.js";

const page = readFileSync("docs/clients.md", "utf8");
const files = new Map(
  [...page.matchAll(/^```js\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(([, name = "", text = ""]) => [name, text]),
);
const env = () => ({ REDIS_PORT: String(sharedServers()[0]?.port) });

describe("the client of one's own in docs/clients.md", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join("test", "examples", "page-"));
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has an adapter of at most 40 lines", () => {
    const text = files.get("own-client.mjs") ?? "";
    const adapter = text.slice(text.indexOf("/** What Holdfast needs of it. */"));
    expect(adapter.trim().split("\n").length).toBeLessThanOrEqual(40);
  });

  it("takes a lock", async () => {
    const ended = await runNode(["--no-warnings", join(folder, "main.mjs")], env());
    expect(ended).toEqual({ code: 0, stdout: "held true\n", stderr: "" });
  });

  it("keeps the contract of nodes, under node:test", async () => {
    const ended = await runNode(["--test-reporter=tap", join(folder, "own-client.test.mjs")], env());
    expect(ended, ended.stdout).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(new RegExp(`^# pass ${nodeCases.length}$`, "m"));
  });
});
