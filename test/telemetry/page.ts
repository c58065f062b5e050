import { readFileSync } from "node:fs";

export const page = readFileSync("docs/telemetry.md", "utf8");

/** The programs of docs/telemetry.md, in order. */
export const programs: readonly string[] = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(
  ([, text = ""]) => text,
);

/** The program that imports this module. */
export function programWith(module: string): string {
  const [program, ...others] = programs.filter((text) => text.includes(` from "${module}"`));
  if (program === undefined || others.length > 0) throw new Error(`not one program imports ${module}`);
  return program;
}

/** The names in code at the beginning of a table's rows. */
export const namesIn = (heading: string): string[] => {
  const [section = ""] = page
    .slice(page.indexOf(`\n### ${heading}`) + 1)
    .split(/^##/m, 2)
    .slice(-1);
  return [...section.matchAll(/^\| `([^`]+)`(?:, `(\.[^`]+)`)?(?:, `(\.[^`]+)`)?/gm)].flatMap(
    ([, name = "", ...ends]) => [
      name,
      ...ends.filter((end) => end !== undefined).map((end) => name.replace(/\.[^.]+$/, end)),
    ],
  );
};
