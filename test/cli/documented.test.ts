import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.js";
import { runNode } from "../examples/program.js";
import { framesOfAllKinds } from "../inspector/frames-of-all-kinds.js";
import { holdfast } from "./support/holdfast.js";

const documentation = (name: string) =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");

/** The cells of a page's table rows. */
const rowsOf = (page: string): string[][] =>
  [...page.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));

describe.each([
  ["watch", "watch"],
  ["ui", "inspector"],
])("the page about holdfast %s lists its options and exit codes", (name, pageName) => {
  const page = documentation(pageName);

  test("every option, and no other", () => {
    const command = buildProgram("0.0.0", () => undefined).commands.find((one) => one.name() === name);
    const listed = rowsOf(page).flatMap(([first = ""]) => [...first.matchAll(/--[a-z][a-z-]*/g)].map(String));
    expect(listed.sort()).toEqual(command?.options.map(({ long }) => long).sort());
  });

  test("every exit code, and no other", async () => {
    const { stdout } = await holdfast([name, "--help"]);
    const codes = (text = "") => new Set(text.match(/\b(0|6[4-9]|7[0-8])\b/g));
    const listed = codes(/^Exit codes:.*/ms.exec(stdout)?.[0]);
    const section = name === "watch" ? /^## Exit codes.*?^## /ms : /^Exit codes:.*?\n\n/ms;
    expect(listed.size).toBeGreaterThan(3);
    expect(codes(section.exec(page)?.[0])).toEqual(listed);
  });
});

test("the page about holdfast watch lists every kind of frame, with its keys", () => {
  const rows = rowsOf(documentation("watch"));
  const head = ["kind", "source", "seq", "time"];
  for (const frame of framesOfAllKinds) {
    const [, keys = ""] = rows.find(([first]) => first === `\`${frame.kind}\``) ?? [];
    // Texts in brackets or after a colon list the keys of nested objects.
    const own = keys.replace(/\([^)]*\)|:.*/g, "");
    expect([...own.matchAll(/`(\w+)`/g)].map(([, key]) => key).sort()).toEqual(
      Object.keys(frame)
        .filter((key) => !head.includes(key))
        .sort(),
    );
  }
});

test("the program of the page about the inspector serves it, and ends", async () => {
  const [, program = ""] = /^```js\n([\s\S]*?)^```$/m.exec(documentation("inspector")) ?? [];
  // The default port may be in use here.
  const own = program.replace("serveInspector(locks)", "serveInspector(locks, { port: 0 })");
  expect(own).not.toBe(program);
  const { code, stdout, stderr } = await runNode(["--input-type=module"], {}, own);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
});
