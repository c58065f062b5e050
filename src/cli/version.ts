import { readFileSync } from "node:fs";

/** Of the package this file belongs to: it lies deeper in what is built than in the source. */
export function packageVersion(): string {
  for (let folder = new URL(".", import.meta.url); ; ) {
    const found = read(new URL("package.json", folder));
    if (found?.name === "holdfast" && found.version !== undefined) return found.version;
    const parent = new URL("..", folder);
    if (parent.href === folder.href) return "unknown";
    folder = parent;
  }
}

function read(file: URL): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
