import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

// Only modules that the build replaces import this one, so the built package does not contain it. The CommonJS build
// compiles it nevertheless.
// biome-ignore lint/suspicious/noTsIgnore: the next line is an error only in the CommonJS build
// @ts-ignore
const self: string = import.meta.url;

/** The folder that contains this file. */
export const here: string = dirname(fileURLToPath(self));
