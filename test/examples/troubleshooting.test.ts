import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const page = readFileSync("docs/troubleshooting.md", "utf8");
const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join("src", file), "utf8"));

/** Returns the rows of a section's table, each as its cells. */
function rowsOf(heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`) + 1).split(/^## /m, 2)[1] ?? "";
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
}
const codesOf = (heading: string) => rowsOf(heading).map(([code = ""]) => code.replaceAll("`", ""));
const inSources = (pattern: RegExp) => [
  ...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(([, code = ""]) => code))),
];

test("the page lists every code of an error, and no other", () => {
  const codes = inSources(/^ {2}readonly code = "([A-Z_]+)";/gm);
  expect(codes.length).toBeGreaterThan(10);
  expect(codesOf("Errors").sort()).toEqual(codes.sort());
});

test("the page lists every code of a process warning, and no other", () => {
  const codes = inSources(/\bwarn(?:Bounded)?\(\s*"([A-Z_]+)"/g);
  expect(codes.length).toBeGreaterThan(10);
  expect(codesOf("Process warnings").sort()).toEqual(codes.sort());
});

test("each code has a cause and a remedy", () => {
  for (const row of [...rowsOf("Errors"), ...rowsOf("Process warnings")]) {
    expect(row).toHaveLength(3);
    for (const cell of row) expect(cell.trim()).not.toBe("");
  }
});

test("its links into other pages lead to headings", () => {
  for (const [, file = "", anchor = ""] of page.matchAll(/\]\((\w[\w-]*\.md)#([\w-]+)\)/g)) {
    const headings = readFileSync(join("docs", file), "utf8").matchAll(/^#+ (.*)$/gm);
    const anchors = [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .replaceAll(" ", "-"),
    );
    expect(anchors).toContain(anchor);
  }
});
