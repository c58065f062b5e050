import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

// The CommonJS build replaces this file with a version that scripts/build.mjs writes: no syntax for the location works
// in both.
// biome-ignore lint/suspicious/noTsIgnore: the next line is an error only in the CommonJS build
// @ts-ignore
const self: string = import.meta.url;

/** The folder that contains this file. */
export const here: string = dirname(fileURLToPath(self));
