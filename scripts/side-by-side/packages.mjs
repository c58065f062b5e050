/** The two packages that scripts/side-by-side.mjs compares: one at a git revision, and the present one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

const build = (folder) =>
  execFileSync(process.execPath, ["scripts/build.mjs"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });

/** Builds the package at this revision in a folder of its own, which is removed at exit. Returns the folder. */
export function buildRevision(revision) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-revision-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const archive = execFileSync("git", ["archive", revision], { cwd: root, maxBuffer: 2 ** 30 });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  build(folder);
  return folder;
}

export function buildPresent() {
  build(root);
  return root;
}
