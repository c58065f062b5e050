import { entryBefore } from "../before.mjs";
import { fresh, managed } from "./managed.mjs";

const { createLocks } = await import(entryBefore());

export const openBefore = managed(createLocks, {}, fresh);
