import { readFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));

/** The modules that programs may import, by the names of their files in `src`. */
export const entryPoints = Object.keys(exports)
  .filter((entry) => entry !== "./package.json")
  .map((entry) => (entry === "." ? "index" : entry.slice(2)));
