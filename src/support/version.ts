import { readFileSync } from "node:fs";
import { join } from "node:path";
import { here } from "./module-location.js";

/**
 * The version of the package. In the built package this module contains the version instead of reading it
 * (scripts/build.mjs writes it), because a bundle has no package.json of Holdfast beside it.
 */
export const packageVersion = (): string =>
  JSON.parse(readFileSync(join(here, "../../package.json"), "utf8")).version;
