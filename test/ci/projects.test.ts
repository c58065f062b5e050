import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import config, { searches } from "../../vitest.config.js";

/** The test commands that together run everything. */
const commands = ["test", "test:all", "test:full"];

it("each Vitest project runs in exactly one of the test commands", async () => {
  const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  const patterns = commands.flatMap((command) =>
    [...(scripts[command] ?? "").matchAll(/--project (?:"([^"]+)"|(\S+))/g)].map(
      ([, quoted, plain]) => quoted ?? plain ?? "",
    ),
  );
  const matches = (pattern: string, name: string) =>
    new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(name);
  const names = (config.test?.projects ?? []).map((project) => {
    const { test } = project as { test?: { name?: string } };
    return test?.name ?? "";
  });
  expect(names.length).toBeGreaterThan(5);
  const uses = names.map((name) => [name, patterns.filter((pattern) => matches(pattern, name)).length]);
  expect(uses).toEqual(names.map((name) => [name, 1]));
  // A name without a project would select nothing.
  expect(patterns.filter((pattern) => !names.some((name) => matches(pattern, name)))).toEqual([]);
});

it("each search with few seeds or inputs runs with all of them as well", async () => {
  const files = await readdir("test", { recursive: true });
  const searching: string[] = [];
  for (const file of files.filter((name) => /(?<!\.redis)\.test\.ts$/.test(name))) {
    const text = await readFile(join("test", file), "utf8");
    if (/import \{[^}]*\b(breadth|holds|refusesAll)\b[^}]*\} from/.test(text)) searching.push(`test/${file}`);
  }
  expect(searching.sort()).toEqual(searches);
});
