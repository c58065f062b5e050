/**
 * The tables of docs/compatibility.md, one file each. A group has an id, the projects into which packages are installed (a
 * name and the packages), and rows: what `tool` (a package of the project, whose version is shown) does with Holdfast
 * (`what`), and `run`, which rejects if that does not work.
 */
import { bundlers } from "./bundlers.mjs";
import { next } from "./next.mjs";
import { nodeVersions } from "./node-versions.mjs";
import { packageManagers } from "./package-managers.mjs";
import { types } from "./types.mjs";

export const groups = [types, bundlers, next, packageManagers, nodeVersions];
