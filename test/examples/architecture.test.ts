import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";

const page = readFileSync("docs/architecture.md", "utf8");

/** The paths below src, and the text of the sources. */
const paths = readdirSync("src", { recursive: true, encoding: "utf8" });
const sources = new Map(
  paths.filter((path) => /\.c?ts$/.test(path)).map((path) => [path, readFileSync(`src/${path}`, "utf8")]),
);

/** The names in code style, and those in the diagrams. */
const code = [...page.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name);
const diagrams = [...page.matchAll(/```mermaid\n(.*?)```/gs)].map(([, text = ""]) => text).join("\n");

/** Returns the body of a class, from its declaration to the first unindented brace. */
function bodyOf(name: string): string | undefined {
  for (const text of sources.values()) {
    const body = new RegExp(`^(?:export )?(?:abstract )?class ${name}\\b.*?^}`, "ms").exec(text);
    if (body !== null) return body[0];
  }
  return undefined;
}

/** Whether the class declares a member: at the start of a line, after modifiers. */
const declares = (body: string, member: string): boolean =>
  new RegExp(
    `^  (?:(?:private|protected|public|static|abstract|readonly|async|get|set) )*${member}\\b[(<:=? ]`,
    "m",
  ).test(body);

const unique = (names: string[]): string[] => [...new Set(names)];

const members = unique(
  [...code, ...diagrams.matchAll(/\b[A-Z]\w+\.\w+(?=\()/g)]
    .map(String)
    .filter((name) => /^[A-Z]\w+\.\w+$/.test(name)),
);

const files = unique(
  [...code, ...[...diagrams.matchAll(/[\w/-]+\.ts\b/g)].map(String)].filter(
    (name) => /^[\w/-]+\.(?:ts|lua)$/.test(name) && !name.startsWith("test/"),
  ),
);

describe("the page about the architecture", () => {
  it.each(members)("names a member that exists: %s", (name) => {
    const [owner = "", member = ""] = name.split(".");
    const body = bodyOf(owner);
    expect(body, `class ${owner}`).toBeDefined();
    expect(declares(body ?? "", member), name).toBe(true);
  });

  it.each(files)("names a file that exists: %s", (name) => {
    const path = name.replace(/^src\//, "").replace(/^script\//, "engine/protocol/script/");
    const found = path.includes("/") ? paths.includes(path) : paths.some((one) => basename(one) === path);
    expect(found, name).toBe(true);
  });

  it("names members and files", () => {
    expect(members.length).toBeGreaterThan(12);
    expect(files.length).toBeGreaterThan(25);
  });
});
