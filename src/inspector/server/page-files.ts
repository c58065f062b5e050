import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { here } from "../../support/module-location.js";

export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  /** Its name changes with its content. */
  readonly immutable: boolean;
}

/** By the path they are asked for. What is not in here cannot be asked for, whatever the path says. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
};

/** dist/page, as it lies from what is built, and from the source. */
const folders = [join(here, "../../page"), join(here, "../../dist/page")];

/** The page as it was built; empty where it was not. `folder`: if it is not this package's own. */
export async function readPage(folder?: string): Promise<PageFiles> {
  for (const place of folder === undefined ? folders : [folder]) {
    const files = await readFolder(place);
    if (files.has("/index.html")) return files;
  }
  return new Map();
}

async function readFolder(folder: string): Promise<Map<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = types[extname(entry.name)];
    // Links lead elsewhere; and what has no type here is none of the page's.
    if (type === undefined || !entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(folder.length).split(sep).join("/");
    files.set(path, { body: await readFile(file), type, immutable: path.startsWith("/assets/") });
  }
  return files;
}
