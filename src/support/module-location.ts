import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that contains this file. Only modules that the build replaces import this one. */
export const here: string = dirname(fileURLToPath(import.meta.url));
