/** Copies the pages into the site's content, in the same folders, so that their links stay as they are. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { forSite } from "./links.mjs";
import { sidebarOf } from "./sidebar.mjs";

const pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md"];
/** Folders whose pages and files belong to the site. */
const folders = ["docs", "examples", "visualizations/charts", "visualizations/screenshots"];

export function writeContent(content) {
  const inFolders = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of new Set([...pages, ...inFolders])) {
    if (file.endsWith(".md")) write(content, file, forSite(readFileSync(file, "utf8")));
    // Images belong to their pages. What is only linked to is served as it is.
    else for (const to of [content, `${content}/public`]) copy(file, join(to, file));
  }
  copy("LICENSE", `${content}/public/LICENSE.txt`);
  write(content, "visualizations/charts/README.md", chartsPage());
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  const api = JSON.parse(readFileSync(`${content}/api/typedoc-sidebar.json`, "utf8"));
  const sidebar = { "/": sidebarOf(), "/api/": api };
  writeFileSync(`${content}/site.json`, JSON.stringify({ sidebar, version }));
}

function write(content, file, text) {
  const to = join(content, file.replace(/README\.md$/, "index.md"));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text);
}

function copy(file, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(file, to);
}

const charts = [
  ["overview", "The life of a lock, at a glance"],
  ["lock", "A lock"],
  ["shared", "A shared lock"],
  ["election", "A candidate of an election"],
  ["node", "A node"],
  ["manager", "The manager"],
  [
    "life",
    "A life that was recorded on three servers: acquired, renewed, and lost when two of the servers hang",
  ],
];

const chartsPage = () =>
  [
    "# Charts",
    "What `npx holdfast chart` draws from the state machines that run. The [playground](../../playground/index.html) shows them at work.",
    ...charts.map(([name, title]) => `## ${title}\n\n![${title}](${name}.svg)`),
  ].join("\n\n");
