import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { simulate } from "../../src/testing.js";

it("the documented example of the simulator runs without a violation", async () => {
  const page = await readFile("docs/simulator.md", "utf8");
  const [, example = ""] = /```ts\n(.*?)```/s.exec(page) ?? [];
  const body = example.replace('import { simulate } from "holdfast/testing";', "");
  expect(body).not.toContain("import");
  const run = new Function("simulate", `return (async () => {${body}})();`);
  await run(simulate);
}, 120_000);
