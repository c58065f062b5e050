import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runNode } from "./program.js";

const page = readFileSync("docs/testing.md", "utf8");
const programs = page
  .split(/^##+ /m)
  .slice(1)
  .flatMap((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    return [...section.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => ({ title, text }));
  });
const textOf = (title: string) => programs.find((program) => program.title === title)?.text ?? "";
const runner = /^(Vitest|Jest)$/;

describe("the programs of docs/testing.md", () => {
  it("are all here", () => {
    expect(programs.map(({ title }) => title)).toEqual([
      ...["Nodes in memory", "Loss and failure", "Virtual time"],
      ...["Vitest", "Jest", "node:test", "Sinon"],
    ]);
  });

  it.each(programs.filter(({ title }) => !runner.test(title)))("$title: runs and ends", async ({ text }) => {
    const ended = await runNode(["--no-warnings", "--input-type=module"], {}, text);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
  });

  it("Vitest: runs and passes", async () => {
    const folder = mkdtempSync(join("test", "examples", "page-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "page.test.mjs"), textOf("Vitest"));
    writeFileSync(join(folder, "vitest.config.mjs"), "export default {};");
    const vitest = join("node_modules", "vitest", "vitest.mjs");
    const ended = await runNode([vitest, "run", "--reporter=dot", `--root=${folder}`]);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain("1 passed");
  });

  // Jest itself runs it in scripts/matrix.
  it("Jest: is that of Vitest, with Jest's names", () => {
    const body = (text: string) => text.slice(text.indexOf("beforeEach(() =>")).replaceAll("jest.", "vi.");
    expect(body(textOf("Jest"))).toBe(body(textOf("Vitest")));
  });
});
