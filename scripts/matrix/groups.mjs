/**
 * The tables of docs/support.md, one file each. A group has an id, the projects into which packages are installed (a name and the
 * packages), and rows: what `tool` (a package of the project, whose version is shown) does with Holdfast (`what`), and `run`,
 * which rejects if that does not work. The rows of a group with a `header` are cells, with `row` and `column`.
 */
import { bundlers } from "./bundlers.mjs";
import { next } from "./next.mjs";
import { nodeVersions } from "./node-versions.mjs";
import { packageManagers } from "./package-managers.mjs";
import { runners } from "./runners.mjs";
import { smoke } from "./smoke.mjs";
import { types } from "./types.mjs";
import { versions } from "./versions.mjs";

export const groups = [versions, ...smoke, types, bundlers, next, packageManagers, runners, nodeVersions];
