import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

// The CommonJS build has one of its own, which scripts/build.mjs writes: no syntax for it is known to both.
// biome-ignore lint/suspicious/noTsIgnore: it is an error in that build alone
// @ts-ignore
const self: string = import.meta.url;

/** The folder that this file is in. */
export const here: string = dirname(fileURLToPath(self));
