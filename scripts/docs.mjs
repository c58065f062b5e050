/**
 * Builds the site into build/site: the documentation with a search, the reference of the API from the comments in the sources, the
 * charts, and the playground. Static files, which can be served from anywhere. The site has packages of its own (site/package.json),
 * which are installed here if they are missing.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, rmSync, statSync } from "node:fs";
import { build } from "vite";
import { writeContent } from "./docs/content.mjs";
import { writeReference } from "./docs/reference.mjs";

const content = "site/content";

installPackages();
rmSync(content, { recursive: true, force: true });
await writeReference(`${content}/api`);
writeContent(content);
await build({ configFile: "visualizations/playground/vite.config.ts", logLevel: "warn" });
execFileSync(process.execPath, ["node_modules/vitepress/bin/vitepress.js", "build", "."], {
  cwd: "site",
  stdio: "inherit",
  // Files, and not pages.
  env: { ...process.env, VITE_EXTRA_EXTENSIONS: "cjs" },
});
cpSync("build/playground", "build/site/playground", { recursive: true });
console.log("the site is in build/site");

/** npm notes in node_modules what it installed last. */
function installPackages() {
  const installed = "site/node_modules/.package-lock.json";
  const isCurrent =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync("site/package-lock.json").mtimeMs;
  if (isCurrent) return;
  const args = ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  execFileSync("npm", args, { cwd: "site", stdio: "inherit" });
}
