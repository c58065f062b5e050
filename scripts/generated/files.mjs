import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");

/** Returns the paths of the files in `folder` that are missing or out of date. */
export function staleFiles(files, folder) {
  const read = (path) => {
    try {
      return readFileSync(join(folder, path), "utf8");
    } catch {
      return null;
    }
  };
  return [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path);
}

/** Formats the text with Biome, which also checks these files. */
export function formatted(path, text) {
  const args = [biome, "format", `--stdin-file-path=${path}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`${path} cannot be formatted: ${stderr}`);
  return stdout;
}
