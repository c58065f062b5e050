/**
 * The script of the worker, as the sources see it: the file that `npm run build` makes of thread/main.ts. In the built package
 * this module contains the text instead, so that bundlers take the worker with them and package managers may keep it in archives.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { here } from "../support/module-location.js";

export const threadCode = (): string => readFileSync(join(here, "../../build/renewal-worker.cjs"), "utf8");
