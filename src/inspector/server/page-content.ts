/**
 * The built page, as the sources see it: the files in build/page. In the built package this module contains the texts
 * instead (scripts/build.mjs writes it), so that bundlers take the page with them and package managers may keep it in
 * archives.
 */
import { join } from "node:path";
import { here } from "../../support/module-location.js";
import type { PageContent } from "./page-files.js";
import { readPageFolder } from "./page-folder.js";

export const pageContent = (): PageContent => readPageFolder(join(here, "../../build/page"));
