/**
 * Writes dist/licenses.md: the licences of the packages that the bundles and the inspector's page contain, which ask to go
 * with the code.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** `moduleIds`: the files that the bundles contain. */
export function writeLicenses(moduleIds) {
  const folders = new Set(moduleIds.map(packageFolderOf).filter((folder) => folder !== null));
  const inPage = JSON.parse(readFileSync("build/page/licenses.json", "utf8"));
  const texts = new Map();
  for (const { name, version, identifier, text } of [...[...folders].map(licenseOf), ...inPage]) {
    if (!identifier || !text) throw new Error(`${name} ${version} is bundled, but has no licence`);
    texts.set(`${name} ${version} (${identifier})`, text);
  }
  const sections = [...texts].sort(([one], [other]) => (one < other ? -1 : 1));
  const firstWith = new Map();
  const body = sections
    .map(([title, text]) => {
      const first = firstWith.get(text);
      if (first === undefined) firstWith.set(text, title);
      return `## ${title}\n\n${first === undefined ? text : `The text is that of ${first} above.`}\n`;
    })
    .join("\n");
  writeFileSync(
    "dist/licenses.md",
    `# Licences\n\nThe bundles and the inspector's page contain these packages.\n\n${body}`,
  );
}

/** The folder of the package that a file belongs to. Null for a file of Holdfast itself. */
function packageFolderOf(file) {
  if (!file.includes("node_modules")) return null;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    // A package may contain further package.json files, which only give the type of modules.
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version) return folder;
  }
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? undefined : readFileSync(join(folder, file), "utf8").trim();
  return { name, version, identifier: license, text };
}
