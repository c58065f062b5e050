/**
 * Installs the dependencies when they are missing or older than the lock file, so that `npm start` and `npm test`
 * work in a fresh clone. Uses nothing but Node.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const installed = "node_modules/.package-lock.json";
const current = existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs;

if (!current) {
  console.log("installing dependencies ...");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) console.error("the dependencies could not be installed; see npm's error above");
  process.exitCode = status ?? 1;
}
