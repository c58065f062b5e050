import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runNode } from "./program.js";

const page = readFileSync("docs/reentrancy.md", "utf8");

test("the program of the page about reentrancy prints what it says, and ends", async () => {
  const [, program = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  expect(program).toContain("heldHere");
  const { code, stdout, stderr } = await runNode(["--input-type=module"], {}, program);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ACQUIRE_TIMEOUT \{ acquisition: '[\w-]+', heldFor: \d+ \}\n$/);
});
