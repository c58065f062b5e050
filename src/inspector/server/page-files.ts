import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { here } from "../../support/module-location.js";

export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  /** The name changes with the content. */
  readonly immutable: boolean;
}

/** The files by the path of their request. Other paths cannot be requested, whatever they contain. */
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

/** dist/page, relative to the built module and to the source. */
const folders = [join(here, "../../page"), join(here, "../../dist/page")];

/** Reads the built page; empty if the page has not been built. `folder`: another folder than this package's own. */
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
    // Symbolic links may lead outside, and a file without a known type is not part of the page.
    if (type === undefined || !entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(folder.length).split(sep).join("/");
    files.set(path, { body: await readFile(file), type, immutable: path.startsWith("/assets/") });
  }
  return files;
}
