/** Reads the page that Vite built. Only the build and the tests need this module: the package does not contain it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type PageContent, typeOf } from "./page-files.js";

/** The texts of the page's files; empty if the page has not been built. */
export function readPageFolder(folder: string): PageContent {
  return existsSync(join(folder, "index.html")) ? filesIn(folder, "/") : {};
}

function filesIn(folder: string, path: string): PageContent {
  const content: Record<string, string> = {};
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const inside = join(folder, entry.name);
    if (entry.isDirectory()) Object.assign(content, filesIn(inside, `${path}${entry.name}/`));
    // Symbolic links may lead outside, and a file without a known type is not part of the page.
    else if (entry.isFile() && typeOf(entry.name) !== undefined)
      content[path + entry.name] = readFileSync(inside, "utf8");
  }
  return content;
}
